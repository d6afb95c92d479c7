import { LABELS } from '../../apis/v1alpha1/names.ts';
import { PODS } from '../../apis/v1alpha1/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ObjectKey } from '../../kube/objects.ts';
import { backoffMs } from '../../platform/backoff.ts';
import type { Clock } from '../../platform/clock.ts';
import { coerceError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';

export interface LeaderLabelOptions {
  readonly client: KubeClient;
  readonly pod: ObjectKey;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

const FIELD_MANAGER = 'molecule-operator-leader-election';
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

/**
 * Says on our own Pod whether it leads. A standby is ready, so that rollouts go on, but must not be asked for assets: it
 * has only the trees of an earlier lead, and a report to it would reach no status. So the Service selects this label, and
 * each process takes off first what an earlier one in the same Pod may have left. Tries until it is done or `signal`.
 */
export async function labelPod(options: LeaderLabelOptions, isLeader: boolean, signal: AbortSignal): Promise<void> {
  const { client, pod, clock, random, log } = options;
  const patch = { metadata: { labels: { [LABELS.leader]: isLeader ? 'true' : null } } };
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await client.patch(PODS, pod, patch, { fieldManager: FIELD_MANAGER, signal });
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ pod: pod.name, reason: coerceError(error).message }, 'Cannot label the Pod of the leader');
      const delayMs = backoffMs(attempt, { firstMs: FIRST_RETRY_MS, capMs: LONGEST_RETRY_MS, random });
      // Only the signal ends the sleep early, and the loop with it.
      await clock.sleep(delayMs, signal).catch(() => undefined);
    }
  }
}
