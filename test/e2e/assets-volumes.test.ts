import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { NODE_NAME } from '../../hack/cluster/kubelet.ts';
import { pushChange } from '../../hack/forge/push.ts';
import { IMAGES } from '../../hack/image.ts';
import { DEV_DIR } from '../../hack/lib/paths.ts';
import { reportNothing } from '../../hack/lib/report.ts';
import { runOrThrow } from '../../hack/lib/run.ts';
import { ensureOperator } from '../../hack/operator.ts';
import { LABELS } from '../../src/apis/v1alpha1/names.ts';
import { REASONS } from '../../src/apis/v1alpha1/reasons.ts';
import { createWorld, type Json, operatorPid, type World } from './world.ts';

const MIB = 1024 * 1024;
/** Of all files but our own, and through no link. */
const SUMS = `
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
const sums = {};
const walk = (folder) => {
  for (const entry of readdirSync('/configs/' + folder, { withFileTypes: true })) {
    const path = folder + entry.name;
    if (entry.isDirectory() && path !== '.molecule') walk(path + '/');
    if (entry.isFile()) sums[path] = createHash('sha256').update(readFileSync('/configs/' + path)).digest('hex');
  }
};
walk('');
console.log(JSON.stringify(sums));
`;

/** Leaves the agent's own note, one file less of the template, and no room. */
const DAMAGE_AND_FILL = `
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
mkdirSync('/configs/workspace', { recursive: true });
writeFileSync('/configs/workspace/note', 'mine\\n');
rmSync('/configs/prompts/long.md');
for (let size = 65536; size > 0; ) {
  try {
    appendFileSync('/configs/workspace/fill', Buffer.alloc(size));
  } catch {
    size = Math.floor(size / 2);
  }
}
`;
/** What no template may touch: the agent's own, with links on it at the names that the template wants. */
const PLANT = `
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
mkdirSync('/configs/workspace/outside/s', { recursive: true });
for (const name of ['0.md', 's/0.md', 'canary']) {
  writeFileSync('/configs/workspace/outside/' + name, 'canary\\n', { mode: 0o600 });
  utimesSync('/configs/workspace/outside/' + name, 1, 1);
}
`;
const OUTSIDE = `
import { readdirSync, readFileSync, statSync } from 'node:fs';
const found = readdirSync('/configs/workspace/outside', { recursive: true }).sort().map((name) => {
  const path = '/configs/workspace/outside/' + name;
  const stats = statSync(path);
  return [name, stats.mode, stats.isFile() ? [stats.mtimeMs, readFileSync(path, 'utf8')] : 'folder'];
});
console.log(JSON.stringify(found));
`;
const SWAP = `
import { lstatSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
const attempt = (change) => { try { change(); } catch {} };
const targets = ['workspace/outside', '/var/lib/materialize', '/var/run/secrets/moleculesai.app/assets', '/'];
for (let turn = 0; ; turn++) {
  const target = targets[turn % targets.length];
  for (const name of ['agent-skills', 'agent-skills/s', 'prompts', '.molecule', '.molecule/displaced', 'config.yaml']) {
    const path = '/configs/' + name;
    // Through a link of its own it would be the neighbour who takes what lies there.
    if (lstatSync(dirname(path), { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    attempt(() => renameSync(path, '/configs/workspace/taken-' + (turn % 8)));
    attempt(() => symlinkSync(target.startsWith('/') ? target : '/configs/' + target, path));
    attempt(() => rmSync('/configs/workspace/taken-' + ((turn + 4) % 8), { recursive: true, force: true }));
  }
}
`;

describe('a volume that is being written', () => {
  const isBare = inject('environment').cluster.kind === 'bare';
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ hasExamples: false });
    await world.org();
    const { forge, forgeToken } = world.environment;
    await world.forgeSecret('forge-token', { token: forgeToken, url: forge.url });
  });

  it.skipIf(!isBare)(
    'while the operator is killed gets all of its files from the next one (bare cluster only: it kills it)',
    async () => {
      const { cluster, forge } = world.environment;
      const files = Object.fromEntries(
        Array.from({ length: 15 }, (_, index) => [`prompts/${index}.md`, randomBytes(MIB * 0.75).toString('base64')]),
      );
      await pushChange(forge, { repository: 'heavy', files: { 'config.yaml': 'name: heavy\n', ...files } });
      await world.template('heavy', 'heavy');
      await world.condition('templateasset/heavy', 'Ready', 'True');
      const { digest } = (await world.read('templateasset', 'heavy'))?.status.artifact ?? {};
      await world.workspace('heavy', { templateRef: { name: 'heavy' } });
      const reader = await world.until('materialize start', () => findMaterialize(digest), { intervalMs: 10 });
      // A few milliseconds of it at a time, until what the operator sends piles up.
      await world.until(
        'a transfer be under way',
        async () => {
          process.kill(reader.pid, 'SIGSTOP');
          if (isSending(Number(reader.server.port))) return true;
          process.kill(reader.pid, 'SIGCONT');
          return false;
        },
        { intervalMs: 10 },
      );
      process.kill(await operatorPid(), 'SIGKILL');
      process.kill(reader.pid, 'SIGCONT');

      const attempt = await world.until('materialize give up', async () => {
        const { state, lastState } = (await podOf(world, 'heavy'))?.status.initContainerStatuses[0] ?? {};
        return state?.terminated ?? lastState?.terminated;
      });
      expect(attempt.exitCode).toBe(75);
      await ensureOperator(cluster, { report: reportNothing });
      await world.told('workspace/heavy', REASONS.assetsUnavailable);
      await world.delivered('heavy', 'heavy');
      expect(Object.keys(JSON.parse(await world.inAgent('heavy', SUMS)))).toHaveLength(16);
    },
  );

  it.skipIf(!isBare)(
    'and is full keeps the old tree, says that there is no space, and is healed when there is (bare cluster only: it mounts one)',
    async () => {
      const { forge } = world.environment;
      const prompt = randomBytes(MIB).toString('base64');
      await pushChange(forge, {
        repository: 'roomy',
        files: { 'config.yaml': 'name: roomy\n', 'prompts/long.md': prompt },
      });
      await world.template('roomy', 'roomy');
      await using room = await makeSmallVolume(world, { megabytes: 8 });
      await world.workspace('full', { templateRef: { name: 'roomy' }, storage: { className: room.className } });
      await world.condition('workspace/full', 'Ready', 'True');
      const wanted = JSON.parse(await world.inAgent('full', SUMS));

      await world.inAgent('full', DAMAGE_AND_FILL);
      await world.exitAgent('full', 1);
      const told = await world.told('workspace/full', REASONS.volumeNotWritable);
      expect(told).toContain('no space left on device');
      expect(await readFile(join(room.directory, 'config.yaml'), 'utf8')).toBe('name: roomy\n');
      expect(await readdir(join(room.directory, 'prompts'))).toEqual([]);

      await rm(join(room.directory, 'workspace', 'fill'));
      await world.told('workspace/full', 'The files of the template lie on the volume');
      await world.delivered('full', 'roomy');
      expect(JSON.parse(await world.inAgent('full', SUMS))).toEqual({ ...wanted, 'workspace/note': expect.anything() });
    },
  );

  it('by a hostile neighbour as well ends as the template says, and nothing beside it was touched', async () => {
    const { forge } = world.environment;
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`agent-skills/s/${index}.md`, `${index}\n`]),
    );
    await pushChange(forge, {
      repository: 'raced',
      files: { 'config.yaml': 'name: raced\n', 'prompts/a.md': 'a\n', ...files },
    });
    await world.template('raced', 'raced');
    await world.workspace('raced', { templateRef: { name: 'raced' } });
    await world.condition('workspace/raced', 'Ready', 'True');
    const wanted = JSON.parse(await world.inAgent('raced', SUMS));
    await world.inAgent('raced', PLANT);
    const planted = await world.inAgent('raced', OUTSIDE);
    const pod = await podOf(world, 'raced');
    await world.apply(neighbour(pod));
    await world.until(
      'the neighbour swap links',
      async () => (await world.read('pod', 'neighbour'))?.status.phase === 'Running',
    );

    const before = await world.podFacts('raced');
    await world.exitAgent('raced', 1);
    // It heals between two swaps, or gives up for now.
    await world.told('workspace/raced', /symlink|something else keeps changing it/);
    // Not by force: it is to be at its end, and not only out of sight.
    await world.kubectl.must(['delete', 'pod', '-n', world.namespace, 'neighbour']);

    // Only what runs can be told to end.
    await world.until('the agent run again', async () => {
      const statuses: readonly Json[] = (await podOf(world, 'raced'))?.status.containerStatuses ?? [];
      const agent = statuses.find(({ name }) => name === 'agent');
      return agent?.restartCount > before.agentRestarts && agent?.state.running !== undefined;
    });
    // The neighbour may have taken away what the agent had just been given.
    const between = await world.podFacts('raced');
    await world.exitAgent('raced', 1);
    await world.restarted('raced', between);
    await world.delivered('raced', 'raced');
    expect(JSON.parse(await world.inAgent('raced', SUMS))).toMatchObject(wanted);
    expect(await world.inAgent('raced', OUTSIDE)).toBe(planted);
  });
});

/** A Pod of somebody else with the same volume, who does to it what he can. */
function neighbour(agent: Json): object {
  const { claimName } = agent.spec.volumes.find((volume: Json) => volume.name === 'configs').persistentVolumeClaim;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'neighbour' },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: agent.spec.securityContext,
      containers: [
        {
          name: 'neighbour',
          image: IMAGES.mockAgent,
          imagePullPolicy: 'Never',
          command: ['/nodejs/bin/node', '--input-type=module', '-e', SWAP],
          volumeMounts: [{ name: 'configs', mountPath: '/configs' }],
        },
      ],
      volumes: [{ name: 'configs', persistentVolumeClaim: { claimName } }],
    },
  };
}

interface SmallVolume extends AsyncDisposable {
  readonly className: string;
  readonly directory: string;
}

/** A volume in memory, of a class that has no other. Below the checkout's own folder, where taking the cluster down unmounts it. */
async function makeSmallVolume(world: World, { megabytes }: { readonly megabytes: number }): Promise<SmallVolume> {
  const className = `small-${world.namespace}`;
  const directory = join(DEV_DIR, 'e2e', className);
  await mkdir(directory, { recursive: true });
  await runOrThrow('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, className, directory]);
  const isThisNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [NODE_NAME] };
  await world.apply({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: className },
    provisioner: 'kubernetes.io/no-provisioner',
  });
  await world.apply({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: className },
    spec: {
      capacity: { storage: '64Mi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: className,
      local: { path: directory },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isThisNode] }] } },
    },
  });
  return {
    className,
    directory,
    // The agent goes on with it; the kernel lets go of it when that ends.
    [Symbol.asyncDispose]: async () => void (await runOrThrow('umount', ['--lazy', directory])),
  };
}

/** Also before the Workspace names it. */
async function podOf({ kubectl, namespace }: World, workspace: string): Promise<Json | undefined> {
  const args = ['get', 'pods', '-n', namespace, '-l', `${LABELS.workspace}=${workspace}`, '-o', 'json'];
  return JSON.parse(await kubectl.must(args)).items[0];
}

/** The init container that wants this tree: a process on this machine, with all it was told in its environment. */
async function findMaterialize(digest: string): Promise<{ readonly pid: number; readonly server: URL } | undefined> {
  for (const name of await readdir('/proc')) {
    const environ = /^\d+$/.test(name) ? await readFile(`/proc/${name}/environ`, 'utf8').catch(() => '') : '';
    const variables = new Map(
      environ.split('\0').map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]),
    );
    const server = variables.get('ASSET_SERVER_URL');
    if (server !== undefined && variables.get('ASSETS_DIGEST') === digest)
      return { pid: Number(name), server: new URL(server) };
  }
  return undefined;
}

/** More than any answer but a bundle has on its way. */
const MANY_BYTES = 64 * 1024;

/** Whether a connection to this port has bytes that its other side has not taken yet, as only a large answer has. */
function isSending(port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .some((line) => {
      const [, address, , state, queues] = line.trim().split(/\s+/);
      const unsent = Number.parseInt(queues?.split(':')[0] ?? '0', 16);
      return address?.endsWith(local) === true && state === '01' && unsent > MANY_BYTES;
    });
}
