import { lstat, readdir, readFile, readlink, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pidFileOf, stopControlPlane } from '../control-plane.ts';
import { readArgv, sendSignal, stopRecorded } from '../lib/daemon.ts';
import { exists, listDir, readIfExists } from '../lib/files.ts';
import { run } from '../lib/run.ts';
import { waitFor } from '../lib/wait.ts';
import type { ClusterLayout } from './layout.ts';
import { removeBridge } from './network.ts';

const KILL_TIMEOUT_MS = 15_000;
const GRACE_MS = 2_000;

/**
 * Ends everything that a bare cluster of this checkout runs and removes what the kernel holds of it: processes, mounts,
 * network namespaces, bridge, cgroups. Works from what it finds on the machine, so it cleans up after a crash as well.
 * Data in the checkout stays: started again on it, the cluster goes on as after a reboot.
 */
export async function cleanRuntime(layout: ClusterLayout): Promise<void> {
  // Those first that would start again what is ended after them.
  for (const name of ['kubelet', 'volumes', 'containerd'])
    await stopRecorded(pidFileOf(layout.clusterDir, name), { graceMs: GRACE_MS });
  const shimSockets = await findShimSockets(layout);
  await killContainers(layout);
  await stopControlPlane(layout.clusterDir);
  await unmountBelow([layout.devDir, layout.runtimeDir]);
  await removeCgroups(layout);
  await removeBridge(layout);
  for (const path of [...shimSockets, layout.runtimeDir]) await rm(path, { recursive: true, force: true });
  await removeTraces(layout);
}

/** Removes the cluster's data too: objects, images, volumes, certificates. Ports and Pod network stay remembered. */
export async function removeData(layout: ClusterLayout): Promise<void> {
  const leftover = (await mountsBelow([layout.devDir])).at(0);
  if (leftover !== undefined) throw new Error(`Cannot remove ${layout.devDir}: ${leftover} is still mounted`);
  const { clusterDir, containerdDir, kubeletDir, cniDir, volumesDir, kubeconfig, stateFile } = layout;
  const paths = [
    clusterDir,
    containerdDir,
    kubeletDir,
    cniDir,
    volumesDir,
    kubeconfig,
    `${kubeconfig}.cache`,
    stateFile,
  ];
  for (const path of [...paths, join(layout.logDir, 'pods')]) await rm(path, { recursive: true, force: true });
}

/** Kills the processes of all containers and their shims. */
async function killContainers(layout: ClusterLayout): Promise<void> {
  await waitFor(
    async () => {
      const pids = [...(await findShims(layout)), ...(await cgroupProcesses(layout))];
      for (const pid of pids) sendSignal(pid, 'SIGKILL');
      return pids.length === 0;
    },
    { what: 'all containers end', timeoutMs: KILL_TIMEOUT_MS, intervalMs: 30 },
  );
}

/** Shims outlive their containerd; their command line names its socket, which no other has. */
async function findShims(layout: ClusterLayout): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const isShim = await Promise.all(pids.map(async (pid) => (await readArgv(pid)).includes(layout.containerdSocket)));
  return pids.filter((_, index) => isShim[index]);
}

/** Shims listen in a directory that all containerds of the machine share. */
async function findShimSockets(layout: ClusterLayout): Promise<readonly string[]> {
  const tasksDir = join(layout.runtimeDir, 'containerd', 'io.containerd.runtime.v2.task', 'k8s.io');
  const addresses = await Promise.all(
    (await listDir(tasksDir)).map((id) => readIfExists(join(tasksDir, id, 'address'))),
  );
  return addresses.flatMap((address) => (address?.startsWith('unix:///') ? [address.slice('unix://'.length)] : []));
}

async function cgroupProcesses(layout: ClusterLayout): Promise<readonly number[]> {
  const pids = new Set<number>();
  for (const dir of await cgroupDirs(layout)) {
    const text = await readIfExists(join(dir, 'cgroup.procs'));
    for (const pid of (text ?? '').split('\n').filter((line) => line !== '')) pids.add(Number(pid));
  }
  return [...pids];
}

async function removeCgroups(layout: ClusterLayout): Promise<void> {
  // The kernel takes a moment to forget processes that were killed.
  await waitFor(
    async () => {
      const results = [];
      for (const dir of (await cgroupDirs(layout)).toReversed())
        results.push(
          await rmdir(dir).then(
            () => true,
            () => false,
          ),
        );
      return results.every(Boolean);
    },
    { what: `the cgroups ${layout.cgroup} end`, timeoutMs: KILL_TIMEOUT_MS, intervalMs: 30 },
  );
}

/** This cluster's directories in every cgroup hierarchy, parents before children. */
async function cgroupDirs(layout: ClusterLayout): Promise<readonly string[]> {
  const dirs: string[] = [];
  for (const root of await cgroupRoots(layout)) {
    if (!(await exists(root))) continue;
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const below = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
    dirs.push(root, ...below.sort());
  }
  return dirs;
}

/** Where this cluster's cgroup is, or would be, in each mounted hierarchy. */
export async function cgroupRoots(layout: ClusterLayout): Promise<readonly string[]> {
  const mounts = await readMounts();
  return mounts.filter(({ type }) => /^cgroup2?$/.test(type)).map(({ path }) => join(path, layout.cgroup));
}

async function unmountBelow(dirs: readonly string[]): Promise<void> {
  for (const path of (await mountsBelow(dirs)).toReversed()) {
    // Lazily if need be: a directory that somebody looks into must not keep the cluster from going.
    if ((await run('umount', [path])).code !== 0) await run('umount', ['--lazy', path]);
  }
}

async function mountsBelow(dirs: readonly string[]): Promise<readonly string[]> {
  const mounts = await readMounts();
  return mounts.map(({ path }) => path).filter((path) => dirs.some((dir) => path.startsWith(`${dir}/`)));
}

interface Mount {
  readonly path: string;
  readonly type: string;
}

async function readMounts(): Promise<readonly Mount[]> {
  return parseMounts(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** Mount points and file system types in the order they were mounted. Exported for its test. */
export function parseMounts(mountinfo: string): readonly Mount[] {
  const lines = mountinfo.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [fields = '', source = ''] = line.split(' - ');
    const path = fields.split(' ')[4] ?? '';
    return {
      path: path.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
      type: source.split(' ')[0] ?? '',
    };
  });
}

/** What kubelet and CNI write outside of the directories that they are given. */
async function removeTraces(layout: ClusterLayout): Promise<void> {
  const results = '/var/lib/cni/results';
  const names = await listDir(results);
  const own = names.filter((name) => name.startsWith(`${layout.name}-`));
  // Loopback's results carry no network's name, but the same sandbox's.
  const sandboxes = own.map((name) => name.slice(layout.name.length + 1).replace(/-eth0$/, ''));
  const loopbacks = names.filter((name) => sandboxes.some((id) => name === `cni-loopback-${id}-lo`));
  for (const name of [...own, ...loopbacks]) await rm(join(results, name), { force: true });
  const logLinks = '/var/log/containers';
  for (const name of await listDir(logLinks)) {
    const link = join(logLinks, name);
    if (!(await lstat(link)).isSymbolicLink()) continue;
    if ((await readlink(link)).startsWith(`${layout.logDir}/`)) await rm(link);
  }
}
