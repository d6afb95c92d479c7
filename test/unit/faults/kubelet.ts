import { PODS } from '../../../src/apis/v1alpha1/resources.ts';
import { type KubeObject, keyOf } from '../../../src/kube/objects.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { MemoryApi } from '../../memory-api/memory-api.ts';
import { follow } from './follow.ts';
import type { SeededRandom } from './random.ts';
import type { Users } from './users.ts';

interface Pod extends KubeObject {
  readonly spec?: { readonly containers?: readonly { readonly name: string }[] };
}

/** Starts every Pod after a while and ends those that are asked to go. Sees and says everything straight at the API. */
export function startKubelet(options: {
  readonly api: MemoryApi;
  readonly users: Users;
  readonly clock: Clock;
  readonly random: SeededRandom;
}): Disposable {
  const { api, users, clock, random } = options;
  const started = new Set<string | undefined>();
  const see = (pod: Pod): void => {
    const key = keyOf(pod);
    const isSame = (): boolean => api.object(PODS, key)?.metadata.uid === pod.metadata.uid;
    if (pod.metadata.deletionTimestamp !== undefined) {
      clock.schedule(random.between(100, 2_000), () => isSame() && users.delete(PODS, key));
    } else if (!started.has(pod.metadata.uid)) {
      started.add(pod.metadata.uid);
      clock.schedule(random.between(300, 3_000), () => {
        if (isSame()) users.patch(PODS, key, { status: runningStatus(pod, clock.now()) }, 'status');
      });
    }
  };
  return follow(api, PODS, see);
}

function runningStatus({ spec }: Pod, now: Date): object {
  const startedAt = now.toISOString();
  return {
    phase: 'Running',
    podIP: '10.0.0.1',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: startedAt }],
    containerStatuses: (spec?.containers ?? []).map(({ name }) => ({
      name,
      ready: true,
      restartCount: 0,
      state: { running: { startedAt } },
    })),
  };
}
