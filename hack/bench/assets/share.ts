import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createAddressPolicy } from '../../../src/assets/fetch/address-policy.ts';
import type { ForgeSource } from '../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../src/assets/fetch/forge-client.ts';
import { ForgeCredential } from '../../../src/assets/fetch/forge-credential.ts';
import { createLimiter } from '../../../src/assets/limiter.ts';
import { materializeBundle } from '../../../src/materialize/materialize-bundle.ts';
import { openVolume } from '../../../src/materialize/volume.ts';
import { createReadToken } from '../../forge/api.ts';
import { pushDirectory } from '../../forge/push.ts';
import { type ForgeAccess, startForge } from '../../forge/start.ts';
import { reportToStdout } from '../../lib/report.ts';
import { percentile, round } from '../results.ts';
import { countCalls, type ForgeCounts } from './counted-forge.ts';
import { writeTemplate } from './inputs.ts';
import { INCLUDE, openPerWorkspace, openShared, type Way, type WayOptions } from './ways.ts';

const ROUNDS = 3;
/** Init containers that run at the same time. */
const AT_ONCE = 8;
const LOOPBACK = createAddressPolicy([{ address: '127.0.0.0', prefix: 8, family: 'ipv4' }]);
const WAYS = { shared: openShared, perWorkspace: openPerWorkspace };
const ENDS = ['fetched', 'inPlace'] as const;

export interface ShareRow extends ForgeCounts {
  readonly way: keyof typeof WAYS;
  /** Until each Workspace has the proven tree on its own disk, or until its files are on its volume. */
  readonly until: (typeof ENDS)[number];
  /** Median of the rounds. */
  readonly seconds: number;
}

/** N Workspaces on one revision of a real Gitea: through the operator, and by a fetch for each. */
export async function measureSharing(directory: string, count: number): Promise<readonly ShareRow[]> {
  const running = await startForge({ dir: join(directory, 'forge'), report: reportToStdout });
  try {
    const template = join(directory, 'template');
    await writeTemplate(template);
    await pushDirectory(running.access, { repository: 'template', directory: template });
    const origin = await openOrigin(running.access);
    console.log(`${count} Workspaces on one revision`);
    const laps: Lap[] = [];
    for (let roundNumber = 0; roundNumber <= ROUNDS; roundNumber++) {
      for (const until of ENDS) {
        for (const way of ['shared', 'perWorkspace'] as const) {
          const lap = await runLap({ way, until, count, origin, directory: join(directory, 'scene') });
          // The first round warms the forge, which keeps an archive that it has made.
          if (roundNumber > 0) laps.push(lap);
        }
      }
    }
    return summarise(laps);
  } finally {
    await running.stop();
  }
}

async function openOrigin(access: ForgeAccess): Promise<Pick<WayOptions, 'source' | 'credential'>> {
  const { url, user } = access;
  const token = await createReadToken(access);
  const source: ForgeSource = { forge: 'gitea', baseURL: url, owner: user, repo: 'template', ref: 'main' };
  return { source, credential: new ForgeCredential(token, new Set([new URL(url).host])) };
}

interface Lap extends ForgeCounts {
  readonly way: ShareRow['way'];
  readonly until: ShareRow['until'];
  readonly seconds: number;
}

interface LapPlan extends Pick<Lap, 'way' | 'until'> {
  readonly count: number;
  readonly origin: Pick<WayOptions, 'source' | 'credential'>;
  readonly directory: string;
}

async function runLap({ way, until, count, origin, directory }: LapPlan): Promise<Lap> {
  const counts: ForgeCounts = { resolves: 0, downloads: 0, bytes: 0 };
  const forge = countCalls(createForgeClient({ addresses: LOOPBACK }), counts);
  const options: WayOptions = { ...origin, forge, directory, signal: new AbortController().signal };
  await mkdir(directory);
  const startedMs = performance.now();
  await serveAll(await WAYS[way](options), { ...options, until, count });
  const seconds = (performance.now() - startedMs) / 1000;
  await rm(directory, { recursive: true });
  return { way, until, seconds, ...counts };
}

function summarise(laps: readonly Lap[]): readonly ShareRow[] {
  const kinds = Map.groupBy(laps, ({ way, until }) => `${way} ${until}`);
  return [...kinds.values()].flatMap((rounds) => {
    const seconds = round(
      percentile(
        rounds.map((lap) => lap.seconds),
        0.5,
      ),
    );
    return rounds.slice(-1).map((lap) => ({ ...lap, seconds }));
  });
}

async function serveAll(
  opened: Way,
  { directory, until, count, signal }: WayOptions & { readonly until: ShareRow['until']; readonly count: number },
): Promise<void> {
  await using way = opened;
  const places = createLimiter({ running: AT_ONCE, waiting: count });
  const serve = async (workspace: string): Promise<void> => {
    const leave = await places.enter(signal);
    const target = join(directory, workspace, 'volume');
    await mkdir(target, { recursive: true });
    const volume = openVolume(target);
    const { handle, head } = await way.fetch(workspace, { state: join(directory, workspace, 'state'), volume });
    if (until === 'inPlace') {
      const bundle = { fd: handle.fd, head };
      const saveInventory = async (): Promise<void> => undefined;
      await materializeBundle({ volume, bundle, include: INCLUDE, trustedInventory: undefined, saveInventory });
    }
    volume.close();
    await handle.close();
    leave?.();
  };
  await Promise.all(Array.from({ length: count }, (_, index) => serve(`workspace-${index}`)));
}
