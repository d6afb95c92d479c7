import { HELD_BACK } from '../assets/report.ts';
import { coerceError } from '../platform/errors.ts';
import { type AssetClient, createAssetClient } from './asset-client.ts';
import { decideBackoff, decodeBackoff, encodeBackoff } from './backoff.ts';
import { cacheBundle } from './bundle-cache.ts';
import { cleanUp } from './clean-up.ts';
import { type PodConfig, readPodConfig } from './config.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';
import type { LocalBundle } from './heal.ts';
import { materializeBundle } from './materialize-bundle.ts';
import { reportFailure } from './report.ts';
import { type RunResult, resultOfFailure } from './result.ts';
import { obtainBundle } from './source.ts';
import { openStateDirectory } from './state-directory.ts';
import { openVolume, type Volume } from './volume.ts';

export interface RunContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowMs: number;
  /** A line for people. */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
  /** Where things lie when not in a Pod; for tests. */
  readonly places?: Partial<Pick<PodConfig, 'target' | 'stateDirectory' | 'tokenFile'>>;
}

const REPORT_TIMEOUT_MS = 3_000;

/**
 * One start of the init container: heals the volume or says why the agent may not start. Never throws, and never lets an
 * agent start on a stub: every doubt ends in a code other than 0 (TA-21). The report is also sent to the asset server;
 * that it could not be is no reason to hold the agent.
 */
export async function runInPod(context: RunContext): Promise<RunResult> {
  let config: PodConfig | undefined;
  try {
    config = readPodConfig(context.env);
  } catch (error) {
    return resultOfFailure(error);
  }
  if (config === undefined) {
    return { exitCode: EXIT.done, report: reportFailure('off', { reason: 'This workspace has no template' }) };
  }
  const placed: PodConfig = { ...config, ...context.places };
  const client = createAssetClient(placed);
  const result = await attempt(placed, client, context);
  await sendReport(client, result, context);
  return result;
}

async function attempt(config: PodConfig, client: AssetClient, context: RunContext): Promise<RunResult> {
  let volume: Volume | undefined;
  try {
    const state = openStateDirectory(config.stateDirectory);
    const backoff = decideBackoff(decodeBackoff((await state.read('backoff.json')) ?? ''), context.nowMs);
    if (backoff.kind === 'wait') throw holdBack(backoff);

    volume = openVolume(config.target);
    await using proven = await obtainBundle({ wanted: config.wanted, state, volume, client }, context.signal);
    const bundle: LocalBundle = { fd: proven.handle.fd, head: proven.head };
    const report = await materializeBundle({
      volume,
      bundle,
      include: config.include,
      trustedInventory: await state.read('manifest.json'),
      saveInventory: (text) => state.write('manifest.json', text),
    });
    keepCache(volume, bundle, context);
    await state.write('backoff.json', encodeBackoff(backoff.next));
    context.log(
      `Assets ${report.outcome}: ${report.files} files, ${report.changesTotal} changes, bundle from ${proven.origin}`,
    );
    return { exitCode: EXIT.done, report };
  } catch (error) {
    return resultOfFailure(error, config.wanted);
  } finally {
    await cleanUp('the volume', () => volume?.close(), context.log);
  }
}

function holdBack({
  remainingMs,
  quickRestarts,
}: {
  readonly remainingMs: number;
  readonly quickRestarts: number;
}): MaterializeError {
  const seconds = Math.ceil(remainingMs / 1000);
  return new MaterializeError(
    EXIT.tryAgain,
    `${HELD_BACK}the agent restarted ${quickRestarts} times in quick succession; not before ${seconds} s`,
  );
}

/** The assets are in place: a volume too full for the copy costs only the start without the operator. */
function keepCache(volume: Volume, bundle: LocalBundle, { log }: RunContext): void {
  try {
    cacheBundle(volume, bundle);
  } catch (error) {
    log(`Cannot keep a copy of the bundle on the volume: ${coerceError(error).message}`);
  }
}

async function sendReport(client: AssetClient, { report }: RunResult, { log, signal }: RunContext): Promise<void> {
  try {
    await client.sendReport(report, AbortSignal.any([signal, AbortSignal.timeout(REPORT_TIMEOUT_MS)]));
  } catch (error) {
    log(`Cannot send the report: ${coerceError(error).message}`);
  }
}
