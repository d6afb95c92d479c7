import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureRepository } from '../../hack/forge/api.ts';
import { pushChange } from '../../hack/forge/push.ts';
import { REASONS } from '../../src/apis/v1alpha1/reasons.ts';
import { archive, entry } from '../unit/assets/tar-builder.ts';
import { startHostileForge } from './hostile-forge.ts';
import { createWorld, type World } from './world.ts';

const TRAVERSAL = archive(entry({ name: 'repo/agent-skills/../../../etc/passwd', body: 'root\n' }));
const MIB = 1024 * 1024;

describe('a source that gives nothing', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ hasExamples: true });
    const { forge } = world.environment;
    await ensureRepository(forge, 'empty');
    await pushChange(forge, {
      repository: 'too-large',
      files: Object.fromEntries(
        // What compresses well would be refused as a bomb before it is too large.
        Array.from({ length: 20 }, (_, index) => [`prompts/${index}.md`, randomBytes(MIB * 0.75).toString('base64')]),
      ),
    });
  });

  it.each([
    ['an empty repository', 'empty', {}, /./],
    ['20 MiB of assets', 'too-large', {}, /16 MiB|16777216/],
    ['a ref that does not exist', 'claude-code-default', { ref: 'no-such-branch' }, /no-such-branch|ref/],
  ])(
    'such as %s ends in a condition that says what to do, and in no agent',
    async (sentence, repository, source, words) => {
      const name = sentence.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase();
      const { url, user } = world.environment.forge;
      await world.template(name, repository, {
        source: { forge: 'gitea', baseURL: url, owner: user, repo: repository, ref: 'main', ...source },
      });
      await world.workspace(name, { templateRef: { name } });
      const ready = await world.condition(`templateasset/${name}`, 'Ready', 'False');
      expect(Object.values(REASONS)).toContain(ready.reason);
      expect(ready.message).toMatch(words);
      await expectNoAgent(world, name);
    },
  );

  it('such as an archive with a path that climbs out is refused as a whole', async () => {
    await using hostile = await startHostileForge('a'.repeat(40), TRAVERSAL);
    await world.template('hostile', 'anything', {
      source: { forge: 'gitea', baseURL: hostile.url, owner: 'somebody', repo: 'anything', ref: 'main' },
      auth: 'anonymous',
      secretRef: undefined,
    });
    await world.workspace('hostile', { templateRef: { name: 'hostile' } });
    const ready = await world.condition('templateasset/hostile', 'Ready', 'False');
    expect(ready.reason).toBe(REASONS.archiveRefused);
    await expectNoAgent(world, 'hostile');
  });

  it('leaves the last good revision live when a later one is bad', async () => {
    await using hostile = await startHostileForge('b'.repeat(40), archive());
    await world.template('turning', 'anything', {
      source: { forge: 'gitea', baseURL: hostile.url, owner: 'somebody', repo: 'anything', ref: 'main' },
      auth: 'anonymous',
      secretRef: undefined,
    });
    await world.workspace('turning', { templateRef: { name: 'turning' } });
    await world.condition('workspace/turning', 'Ready', 'True');
    const before = await world.podFacts('turning');

    hostile.commit = 'c'.repeat(40);
    hostile.archive = TRAVERSAL;
    await world.sync('templateasset/turning');
    await world.condition('templateasset/turning', 'Ready', 'False');
    const template = await world.read('templateasset', 'turning');
    expect(template?.status.artifact.revision).toBe('b'.repeat(40));
    expect(template?.status.lastAttempt).toEqual({ revision: 'c'.repeat(40), reason: REASONS.archiveRefused });

    await world.exitAgent('turning', 1);
    await world.restarted('turning', before);
    await world.condition('workspace/turning', 'Ready', 'True');
    expect((await world.read('workspace', 'turning'))?.status.assets.revision).toBe('b'.repeat(40));
  });
});

async function expectNoAgent(world: World, name: string): Promise<void> {
  const { kubectl, namespace } = world;
  const waiting = await world.condition(`workspace/${name}`, 'TemplateReady', 'False');
  expect(waiting.message).toContain(`TemplateAsset "${name}"`);
  const selector = `moleculesai.app/workspace=${name}`;
  expect(await kubectl.must(['get', 'pods', '-n', namespace, '-l', selector, '-o', 'name'])).toBe('');
}
