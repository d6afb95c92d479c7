/**
 * A small provisioner for the bare cluster: `node hack/volumes.ts run` makes a directory and a `local` volume for each
 * claim of the class molecule-local, and removes both when the claim is gone. Local volumes, because on them the kubelet
 * applies a Pod's fsGroup, and Pods that do not run as root can write.
 */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CoreV1Api, KubeConfig, Watch } from '@kubernetes/client-node';
import { Command } from 'commander';
import { planVolumes, type VolumeAction, type VolumePlace } from './cluster/volume-plan.ts';
import { runMain } from './lib/main.ts';
import { reportToStdout } from './lib/report.ts';

const RESYNC_MS = 30_000;
const RETRY_MS = 1_000;
/** Events come in bursts; one pass answers them all. */
const SETTLE_MS = 50;

interface RunOptions extends VolumePlace {
  readonly kubeconfig: string;
}

/** Works until the signal: on each change of a claim or volume, and every half minute whatever the watches said. */
async function runProvisioner(options: RunOptions, signal: AbortSignal): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile(options.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const bell = createBell();
  const watches = ['/api/v1/persistentvolumeclaims', '/api/v1/persistentvolumes'].map((path) =>
    watchForever({ watch: new Watch(config), path, onEvent: bell.ring, signal }),
  );
  while (!signal.aborted) {
    try {
      await provisionOnce(core, options);
      await bell.heard(RESYNC_MS, signal);
    } catch (error) {
      if (signal.aborted) break;
      reportToStdout(`Cannot work on volumes: ${error instanceof Error ? error.message : String(error)}; trying again`);
      await delay(RETRY_MS);
    }
  }
  await Promise.all(watches);
}

async function provisionOnce(core: CoreV1Api, place: VolumePlace): Promise<void> {
  const [claims, volumes] = await Promise.all([
    core.listPersistentVolumeClaimForAllNamespaces(),
    core.listPersistentVolume(),
  ]);
  for (const action of planVolumes({ claims: claims.items, volumes: volumes.items }, place))
    await carryOut(core, action);
}

/** Cut in the middle, each of these is carried out again by the next pass. */
async function carryOut(core: CoreV1Api, action: VolumeAction): Promise<void> {
  switch (action.kind) {
    case 'create':
      await mkdir(action.path, { recursive: true });
      // Not through mkdir's mode, which the umask narrows. The kubelet gives the directory to the Pod's fsGroup.
      await chmod(action.path, 0o770);
      await core.createPersistentVolume({ body: action.volume });
      reportToStdout(`Made ${action.path}`);
      return;
    case 'delete':
      await rm(action.path, { recursive: true, force: true });
      await core.deletePersistentVolume({ name: action.name });
      reportToStdout(`Removed ${action.path}`);
      return;
    default:
      action satisfies never;
  }
}

interface WatchForeverOptions {
  readonly watch: Watch;
  readonly path: string;
  readonly onEvent: () => void;
  readonly signal: AbortSignal;
}

/** A watch that begins anew whenever it ends. Each beginning lists everything as events, so nothing is missed for long. */
async function watchForever(options: WatchForeverOptions): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    await new Promise<void>((done) => {
      const begun = options.watch.watch(options.path, {}, options.onEvent, () => done());
      begun.then(
        (controller) => signal.addEventListener('abort', () => controller.abort(), { once: true }),
        () => done(),
      );
    });
    if (!signal.aborted) await delay(RETRY_MS);
  }
}

/** Remembers that it rang until somebody listens. */
function createBell(): { ring(): void; heard(timeoutMs: number, signal: AbortSignal): Promise<void> } {
  let hasRung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      hasRung = true;
      wake?.();
    },
    heard: async (timeoutMs, signal) => {
      const timer = AbortSignal.timeout(timeoutMs);
      const ended = AbortSignal.any([timer, signal]);
      if (!hasRung) {
        await new Promise<void>((resolvePromise) => {
          wake = resolvePromise;
          ended.addEventListener('abort', () => resolvePromise(), { once: true });
        });
      }
      await delay(SETTLE_MS);
      hasRung = false;
    },
  };
}

async function main(signal: AbortSignal): Promise<void> {
  const program = new Command('volumes').description('Volumes for Pods of the bare cluster');
  program
    .command('run')
    .description('provision until stopped')
    .requiredOption('--kubeconfig <file>', 'with the right to create and delete volumes')
    .requiredOption('--dir <path>', 'where the directories are made')
    .requiredOption('--node <name>', 'the node that this machine is')
    .action((flags: { kubeconfig: string; dir: string; node: string }) =>
      runProvisioner({ kubeconfig: flags.kubeconfig, dir: resolve(flags.dir), node: flags.node }, signal),
    );
  await program.parseAsync();
}

if (import.meta.main) await runMain(main);
