import type { ObjectKey, Resource } from '../../kube/objects.ts';
import type { ClusterClient } from '../connect.ts';
import type { Progress } from '../progress.ts';
import { explain, NOT_OBSERVED, type Ours, type Standing } from '../standing.ts';
import { judgeSync } from './verdict.ts';
import { watchObject } from './watch-object.ts';

export interface PassOptions {
  readonly resource: Resource;
  readonly key: ObjectKey;
  readonly requestedAt: string;
  readonly timeoutMs: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface Ended {
  readonly outcome: 'Done' | 'Failed' | 'TimedOut';
  /** As it was seen last. */
  readonly standing: Standing;
}

const GONE: Standing = { state: 'Missing', reason: null, message: 'It is not there any more' };

/** Follows the object until the operator is done with the pass that was asked for, or the time is over. */
export async function waitForPass(client: ClusterClient, options: PassOptions): Promise<Ended> {
  const { resource, key, requestedAt, timeoutMs, progress } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([options.signal, timeout]);
  let standing = GONE;
  try {
    for await (const object of watchObject<Ours>(client, { resource, key, signal })) {
      if (object === undefined) break;
      const verdict = judgeSync(object, requestedAt);
      standing = verdict.standing;
      if (verdict.kind === 'done') return { outcome: 'Done', standing };
      if (verdict.kind === 'failed') return { outcome: 'Failed', standing };
      progress.report(
        standing.reason === NOT_OBSERVED ? 'Waiting for the operator' : `${standing.state}: ${explain(standing)}`,
      );
    }
    return { outcome: 'Failed', standing: GONE };
  } catch (error) {
    if (options.signal.aborted || !timeout.aborted) throw error;
    return { outcome: 'TimedOut', standing };
  }
}
