import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pidFileOf } from '../control-plane.ts';
import { type Daemon, logTail, startDaemon } from '../lib/daemon.ts';
import { writeAtomically } from '../lib/files.ts';
import { run, runOrThrow } from '../lib/run.ts';
import { waitFor } from '../lib/wait.ts';
import { PAUSE_IMAGE } from './images.ts';
import type { ClusterLayout } from './layout.ts';
import { canOverlay } from './overlay.ts';

export interface ContainerdOptions {
  readonly cniBinDir: string;
  readonly cniConfDir: string;
  readonly signal?: AbortSignal | undefined;
}

const START_TIMEOUT_MS = 20_000;

/** Starts a containerd of our own, apart from any other on the machine, and returns when it answers. */
export async function startContainerd(layout: ClusterLayout, options: ContainerdOptions): Promise<Daemon> {
  const configFile = join(layout.containerdDir, 'config.toml');
  await mkdir(layout.runtimeDir, { recursive: true, mode: 0o711 });
  await writeAtomically(configFile, await containerdConfig(layout, options));
  const daemon = await startDaemon({
    name: 'containerd',
    program: 'containerd',
    args: ['--config', configFile, '--log-level', 'warn'],
    logFile: join(layout.logDir, 'containerd.log'),
    pidFile: pidFileOf(layout.clusterDir, 'containerd'),
    lifetime: 'detached',
  });
  await waitFor(
    async () => {
      if (!daemon.isRunning()) throw new Error(`Cannot start containerd:\n${await logTail(daemon.logFile)}`);
      return (await run('ctr', ctrArgs(layout, ['version']))).code === 0;
    },
    { what: 'containerd answer', timeoutMs: START_TIMEOUT_MS, signal: options.signal },
  );
  return daemon;
}

/** Puts the images of an archive file where the kubelet looks for them. */
export async function importImage(layout: ClusterLayout, archive: string, signal?: AbortSignal): Promise<void> {
  await runOrThrow('ctr', ctrArgs(layout, ['images', 'import', archive]), { signal, action: `import ${archive}` });
}

/** True when the node has an image of this name. */
export async function hasImage(layout: ClusterLayout, name: string): Promise<boolean> {
  const list = await run('ctr', ctrArgs(layout, ['images', 'list', '--quiet', `name==${name}`]));
  return list.code === 0 && list.stdout.trim() !== '';
}

function ctrArgs(layout: ClusterLayout, args: readonly string[]): readonly string[] {
  return ['--address', layout.containerdSocket, '--namespace', 'k8s.io', ...args];
}

async function containerdConfig(layout: ClusterLayout, options: ContainerdOptions): Promise<string> {
  const snapshotter = (await canOverlay(layout.devDir)) ? 'overlayfs' : 'native';
  const quote = JSON.stringify;
  return `version = 2
root = ${quote(join(layout.containerdDir, 'root'))}
state = ${quote(join(layout.runtimeDir, 'containerd'))}
# Not used here; some of them make directories elsewhere or warn on each start.
disabled_plugins = [
  "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = ${quote(layout.containerdSocket)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${quote(PAUSE_IMAGE)}
  # Machines without CAP_SYS_RESOURCE may not lower the score, and runc would fail.
  restrict_oom_score_adj = true
  # Network namespaces where this cluster alone keeps its state, to be found and removed after a crash.
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${quote(options.cniBinDir)}
    conf_dir = ${quote(options.cniConfDir)}
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = ${quote(snapshotter)}
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        Root = ${quote(join(layout.runtimeDir, 'runc'))}
`;
}
