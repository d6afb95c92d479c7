import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { clusterLayout } from '../../hack/cluster/layout.ts';
import { pidFileOf } from '../../hack/control-plane.ts';
import { findRecorded, readArgv, startDaemon, stopRecorded } from '../../hack/lib/daemon.ts';
import { writeAtomically } from '../../hack/lib/files.ts';
import { createWorld, type World } from './world.ts';

const FEATURE = 'RestartAllContainersOnContainerExits';
const isBare = inject('environment').cluster.kind === 'bare';

/** What a node before 1.36 is: it does not restart a Pod's init containers with its agent. */
describe.skipIf(!isBare)('on a node that cannot restart Pods in place', () => {
  let world: World;
  beforeAll(async () => {
    await restartKubelet({ [FEATURE]: false });
    world = await createWorld({ hasExamples: false });
    await world.until('the node no longer declare the feature', async () => !(await declares(world)));
  });
  afterAll(async () => {
    await restartKubelet({});
    await world.until('the node declare the feature again', () => declares(world));
  });

  it('a Pod ends with its agent, and the next one starts on healed files with the same data', async () => {
    await world.examples();
    await world.condition('workspace/researcher', 'Ready', 'True');
    const { podName } = (await world.read('workspace', 'researcher'))?.status ?? {};
    expect((await world.read('pod', podName))?.spec.restartPolicy).toBe('Never');
    const before = await world.podFacts('researcher');
    await world.inAgent(
      'researcher',
      `import { rmSync, writeFileSync } from 'node:fs';
       rmSync('/configs/agent-skills', { recursive: true });
       writeFileSync('/configs/MEMORY.md', 'kept\\n');`,
    );
    await world.exitAgent('researcher', 3);
    // Of the Pod and not of the Workspace, whose Ready skips short states and may still be that of the first.
    await world.until('another Pod serve', async () => {
      const pod = await world.read('pod', podName);
      return pod !== undefined && pod.metadata.uid !== before.uid && pod.status.containerStatuses?.[0]?.ready;
    });
    const seen = await world.inAgent(
      'researcher',
      `import { existsSync, readFileSync } from 'node:fs';
       console.log(JSON.stringify([existsSync('/configs/agent-skills'), readFileSync('/configs/MEMORY.md', 'utf8')]));`,
    );
    expect(JSON.parse(seen)).toEqual([true, 'kept\n']);
  });
});

async function declares({ kubectl }: World): Promise<boolean> {
  const nodes = JSON.parse(await kubectl.must(['get', 'nodes', '-o', 'json']));
  return nodes.items[0].status.declaredFeatures?.includes(FEATURE) ?? false;
}

/** The same kubelet with other feature gates; Pods run on meanwhile. */
async function restartKubelet(featureGates: Readonly<Record<string, boolean>>): Promise<void> {
  const { clusterDir, logDir } = clusterLayout();
  const pidFile = pidFileOf(clusterDir, 'kubelet');
  const pid = await findRecorded(pidFile);
  if (pid === undefined) throw new Error('Cannot restart the kubelet: none runs');
  const [program = '', ...args] = await readArgv(pid);
  const configFile = join(clusterDir, 'kubelet.yaml');
  const config = { ...JSON.parse(await readFile(configFile, 'utf8')), featureGates };
  await stopRecorded(pidFile);
  await writeAtomically(configFile, JSON.stringify(config, undefined, 2));
  await startDaemon({
    name: 'kubelet',
    program,
    args,
    logFile: join(logDir, 'kubelet.log'),
    pidFile,
    lifetime: 'detached',
  });
}
