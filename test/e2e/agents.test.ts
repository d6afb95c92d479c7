import { beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { readAgent, readCard } from '../../hack/demo/agents.ts';
import { pushChange } from '../../hack/forge/push.ts';
import { runOrThrow } from '../../hack/lib/run.ts';
import { ANNOTATIONS } from '../../src/apis/v1alpha1/names.ts';
import { createWorld, forgePid, type Json, operatorPid, type World } from './world.ts';

const SKILLS = ['review-change', 'summarise-repository', 'write-tests'];
const SUM = `
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
const sum = {};
for (const name of readdirSync('/configs', { recursive: true }).sort()) {
  if (name.startsWith('.molecule') || !statSync('/configs/' + name).isFile()) continue;
  sum[name] = createHash('sha256').update(readFileSync('/configs/' + name)).digest('hex');
}
console.log(JSON.stringify(sum));
`;
const DAMAGE = `
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
writeFileSync('/configs/config.yaml', 'name: pwned\\n');
rmSync('/configs/agent-skills/write-tests', { recursive: true });
rmSync('/configs/prompts', { recursive: true });
symlinkSync('/etc', '/configs/prompts');
writeFileSync('/configs/agent-skills/own.md', 'put here by the agent\\n');
writeFileSync('/configs/MEMORY.md', 'a memory\\n');
mkdirSync('/configs/.claude/sessions', { recursive: true });
writeFileSync('/configs/.claude/sessions/1.json', '{}\\n');
`;
const END = `process.kill(1, 'SIGTERM')`;

describe('an applied Org', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ hasExamples: true });
    await world.condition('org/org', 'Ready', 'True');
    for (const name of ['platform-agent', 'researcher', 'writer'])
      await world.condition(`workspace/${name}`, 'Ready', 'True');
  });

  it('has its platform agent as root and every Workspace below it', async () => {
    const places = await Promise.all(
      ['platform-agent', 'researcher', 'writer'].map(async (name) => (await world.read('workspace', name))?.status),
    );
    expect(places.map(({ root, parent, depth }: Json) => ({ root, parent, depth }))).toEqual([
      { root: 'platform-agent', parent: undefined, depth: 0 },
      { root: 'platform-agent', parent: 'platform-agent', depth: 1 },
      { root: 'platform-agent', parent: 'researcher', depth: 2 },
    ]);
  });

  it('has agents whose cards list the skills that were delivered (TA-24)', async () => {
    const { kubectl, namespace } = world;
    const card = await readCard(await readAgent(kubectl, namespace, 'researcher'), AbortSignal.timeout(10_000));
    expect(card.skills.map((skill) => skill.id)).toEqual(SKILLS);
  });

  it('delivers the included paths of the repository and nothing else', async () => {
    const files = Object.keys(JSON.parse(await world.inAgent('writer', SUM)));
    expect(files.filter((name) => !/^(config\.yaml|prompts\/|agent-skills\/)/.test(name))).toEqual([]);
    expect(files).toContain('config.yaml');
  });

  it('gives the agent no token and no credential', async () => {
    const seen = await world.inAgent(
      'writer',
      `import { existsSync } from 'node:fs'; console.log(JSON.stringify([existsSync('/var/run/secrets'), existsSync('/var/lib/materialize'), Object.keys(process.env).filter((name) => /TOKEN|SECRET|PASSWORD/.test(name))]))`,
    );
    expect(JSON.parse(seen)).toEqual([false, false, []]);
  });

  it.each([
    ['json', (text: string) => JSON.parse(text)],
    ['yaml', (text: string) => parse(text)],
  ])('is a tree that the built plugin prints as %s', async (format, read) => {
    const args = ['dist/kubectl-molecule', 'tree', '-n', world.namespace, '-o', format];
    const printed = read(await runOrThrow(process.execPath, [...args, '--kubeconfig', world.kubectl.kubeconfig]));
    expect(JSON.stringify(printed)).toMatch(/platform-agent.*researcher.*writer/);
  });

  it('heals what the agent damaged, in the same Pod, and leaves what the agent owns', async () => {
    const [filesBefore, podBefore] = [
      JSON.parse(await world.inAgent('researcher', SUM)),
      await world.podFacts('researcher'),
    ];
    await world.inAgent('researcher', DAMAGE);
    await world.inAgent('researcher', END);
    await world.restarted('researcher', podBefore);
    await world.condition('workspace/researcher', 'Ready', 'True');

    const filesAfter = JSON.parse(await world.inAgent('researcher', SUM));
    expect(filesAfter).toMatchObject(filesBefore);
    const added = Object.keys(filesAfter).filter((name) => !(name in filesBefore));
    expect(added.sort()).toEqual(['.claude/sessions/1.json', 'MEMORY.md', 'agent-skills/own.md']);
    const podAfter = await world.podFacts('researcher');
    expect([podAfter.uid, podAfter.startTime]).toEqual([podBefore.uid, podBefore.startTime]);
    const report = await world.until('the report arrive in status', async () => {
      const lastReport = (await world.read('workspace', 'researcher'))?.status?.assets?.lastReport;
      return lastReport?.changes?.some((change: Json) => change.path === 'config.yaml' && change.action === 'healed')
        ? lastReport
        : undefined;
    });
    expect(report.podUID).toBe(podBefore.uid);
  });

  it('heals while neither operator nor forge answer', async () => {
    const pids = [await operatorPid(), await forgePid()];
    const [filesBefore, podBefore] = [JSON.parse(await world.inAgent('writer', SUM)), await world.podFacts('writer')];
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    try {
      await world.inAgent('writer', DAMAGE);
      await world.inAgent('writer', END);
      await world.restarted('writer', podBefore);
      expect(JSON.parse(await world.inAgent('writer', SUM))).toMatchObject(filesBefore);
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
  });

  it('gets a new revision without a restart, and has it after the next one', async () => {
    const podBefore = await world.podFacts('researcher');
    const marker = `prompts/e2e-${world.namespace}.md`;
    const { commit } = await pushChange(world.environment.forge, {
      repository: 'claude-code-default',
      files: { [marker]: 'a new prompt\n' },
    });
    await world.kubectl.must([
      'annotate',
      '-n',
      world.namespace,
      'templateasset/claude-code-default',
      `${ANNOTATIONS.requestedAt}=${commit}`,
    ]);
    const digest = await world.until('the revision be stored', async () => {
      const artifact = (await world.read('templateasset', 'claude-code-default'))?.status?.artifact;
      return artifact?.revision === commit ? artifact.digest : undefined;
    });
    const podName = (await world.read('workspace', 'researcher'))?.status?.podName;
    await world.until(
      'the Pod name the new digest',
      async () => (await world.read('pod', podName))?.metadata?.annotations?.[ANNOTATIONS.assetsDigest] === digest,
    );
    expect((await world.podFacts('researcher')).agentRestarts).toBe(podBefore.agentRestarts);

    await world.inAgent('researcher', END);
    await world.until('the new prompt lie on the volume', async () => {
      const facts = await world.podFacts('researcher');
      return (
        facts.agentRestarts > podBefore.agentRestarts &&
        (await world.read('workspace', 'researcher'))?.status?.assets?.revision === commit
      );
    });
    await world.condition('workspace/researcher', 'Ready', 'True');
    expect(Object.keys(JSON.parse(await world.inAgent('researcher', SUM)))).toContain(marker);
  });
});

describe('a wrong token', () => {
  it('ends in conditions that say what to do, and in no agent on a stub', async () => {
    const world = await createWorld({ hasExamples: true });
    await world.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'forge-token' },
      stringData: { token: 'wrong-token-canary', allowedHosts: new URL(world.environment.forge.url).host },
    });
    await world.apply({
      apiVersion: 'moleculesai.app/v1alpha1',
      kind: 'TemplateAsset',
      metadata: { name: 'locked' },
      spec: {
        source: {
          forge: 'gitea',
          baseURL: world.environment.forge.url,
          owner: 'molecule',
          repo: 'claude-code-default',
          ref: 'main',
        },
        auth: 'token',
        secretRef: { name: 'forge-token' },
      },
    });
    await world.apply({
      apiVersion: 'moleculesai.app/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'stranded' },
      spec: { templateRef: { name: 'locked' } },
    });
    const template = await world.condition('templateasset/locked', 'Ready', 'False');
    expect(['Unauthorized', 'RefNotFound']).toContain(template.reason);
    expect(template.message).toContain('token');
    const stranded = await world.condition('workspace/stranded', 'TemplateReady', 'False');
    expect(stranded.message).toContain('TemplateAsset "locked"');
    const selector = ['-l', 'moleculesai.app/workspace=stranded'];
    expect(await world.kubectl.must(['get', 'pods', '-n', world.namespace, ...selector, '-o', 'name'])).toBe('');
    const everything = await world.kubectl.must(['get', 'molecule,events', '-n', world.namespace, '-o', 'yaml']);
    expect(everything).not.toContain('wrong-token-canary');
  });
});

describe('NetworkPolicies', () => {
  const isBare = inject('environment').cluster.kind === 'bare';

  it.skipIf(isBare)(
    'keep strangers from an agent (not run on the bare cluster: its bridge CNI enforces none)',
    async () => {
      const world = await createWorld({ hasExamples: true });
      await world.condition('workspace/researcher', 'Ready', 'True');
      await world.condition('workspace/writer', 'Ready', 'True');
      await world.apply({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'deny' },
        spec: { podSelector: {}, policyTypes: ['Ingress'] },
      });
      const { endpoint } = (await world.read('workspace', 'writer'))?.status ?? {};
      const ask = `console.log(await fetch('${endpoint}', { signal: AbortSignal.timeout(2000) }).then(() => 'reached', () => 'refused'))`;
      await world.until(
        'the policy be in force',
        async () => (await world.inAgent('researcher', ask)).trim() === 'refused',
      );
    },
  );
});
