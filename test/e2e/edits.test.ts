/** What becomes of an edit on an agent's volume, and of a revision that nobody wants: shown and undone by the built plugin. */
import { beforeAll, describe, expect, it } from 'vitest';
import { pushChange } from '../../hack/forge/push.ts';
import { runOrThrow } from '../../hack/lib/run.ts';
import type { AssetReport } from '../../src/cli/assets/asset-report.ts';
import { createWorld, type World } from './world.ts';

const EDITED = 'prompts/system.md';
const CONFIG = 'name: Editor\ndescription: Is edited.\nversion: 1.0.0\n';
const END = `process.kill(1, 'SIGTERM')`;
const READ = `import { readFileSync } from 'node:fs'; process.stdout.write(readFileSync('/configs/${EDITED}', 'utf8'))`;
const EDIT = `import { appendFileSync } from 'node:fs'; appendFileSync('/configs/${EDITED}', 'Always rhyme.\\n')`;

describe('an edit of an agent', () => {
  let world: World;
  let repository: string;
  let first: string;

  const plugin = (...argv: readonly string[]): Promise<string> =>
    runOrThrow(process.execPath, [
      'dist/kubectl-molecule',
      ...argv,
      ...['-n', world.namespace, '--kubeconfig', world.kubectl.kubeconfig],
    ]);
  const assets = async (): Promise<AssetReport> => JSON.parse(await plugin('assets', 'ws/editor', '-o', 'json'));
  const restart = async (): Promise<void> => {
    const before = await world.podFacts('editor');
    await world.inAgent('editor', END);
    await world.restarted('editor', before);
  };
  const push = async (prompt: string): Promise<string> => {
    const files = { 'config.yaml': CONFIG, [EDITED]: prompt };
    return (await pushChange(world.environment.forge, { repository, files })).commit;
  };

  beforeAll(async () => {
    world = await createWorld({ hasExamples: true });
    repository = `edits-${world.namespace}`;
    first = await push('Be kind.\n');
    await world.template('editing', repository);
    await world.workspace('editor', { displayName: 'Editor', templateRef: { name: 'editing' } });
    await world.condition('workspace/editor', 'Ready', 'True');
  });

  it('is moved aside at the next start, and status says which, when and where', async () => {
    await world.inAgent('editor', EDIT);
    await restart();
    expect(await world.inAgent('editor', READ)).toBe('Be kind.\n');
    const report = await world.until('the edit be told of', async () => {
      const found = await assets();
      return found.kept.length > 0 && found;
    });
    expect(report).toMatchObject({
      isCurrent: true,
      unproven: [],
      template: { name: 'editing', revision: first },
      volume: { revision: first, reportedBy: report.pod?.uid },
      pod: { wantedDigest: report.template?.digest },
      card: { name: 'Editor', unread: null },
      changes: [{ path: EDITED, action: 'healed', keptAt: `.molecule/displaced/${EDITED}` }],
      kept: [{ path: EDITED, keptAt: `.molecule/displaced/${EDITED}` }],
    });
  });

  it('is shown as a patch, and put back until the start after, by a Pod that is gone then', async () => {
    expect(await plugin('assets', 'ws/editor', '--diff')).toContain('\n Be kind.\n+Always rhyme.\n');
    await plugin('assets', 'ws/editor', '--restore', EDITED);
    expect(await world.inAgent('editor', READ)).toBe('Be kind.\nAlways rhyme.\n');
    const pods = await world.kubectl.must(['get', 'pods', '-n', world.namespace, '-o', 'name']);
    expect(pods).not.toContain('-assets-');
    await restart();
    expect(await world.inAgent('editor', READ)).toBe('Be kind.\n');
    expect(await plugin('assets', 'ws/editor', '--diff')).toContain('+Always rhyme.');
  });

  it('has a template that goes back to the revision before, and the chain says what the agent still runs on', async () => {
    const second = await push('Be brief.\n');
    await plugin('sync', 'ta/editing', '--wait');
    await world.until('the Pod be told', async () => {
      const { pod, template } = await assets();
      return template?.revision === second && pod?.wantedDigest === template.digest;
    });
    const behind = await assets();
    expect(behind).toMatchObject({ isCurrent: false, unproven: [{ link: 'Volume' }], volume: { revision: first } });
    expect(behind.notes.join('\n')).toContain('spec.rollout is NextRestart');

    const done = await plugin('rollback', 'ta/editing', '--to', 'previous', '--wait');
    expect(done).toContain(`delivers ${first}; spec.source.ref was main`);
    expect(await assets()).toMatchObject({ isCurrent: true, template: { revision: first } });
    const { history } = (await world.read('templateasset', 'editing')).status;
    expect(history.map(({ revision }: { readonly revision: string }) => revision)).toEqual([first, second]);
  });
});
