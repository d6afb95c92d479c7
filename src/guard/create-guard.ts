import type { Credentials } from '../kube/credentials.ts';
import type { ReflectorOptions } from '../runtime/reflector.ts';
import type { Stored } from '../runtime/store.ts';
import { examine } from './examine.ts';
import { GuardMonitor } from './guard-monitor.ts';
import { openProbeSession } from './probe-session.ts';
import { watchPolicies } from './watch-policies.ts';

export interface GuardOptions
  extends Pick<ReflectorOptions<Stored>, 'client' | 'clock' | 'random' | 'log' | 'metrics'> {
  /** The operator's own. */
  readonly credentials: Credentials;
}

export interface Guard extends Pick<GuardMonitor, 'openRoutes' | 'onChange' | 'examineNow'> {
  /** Examines, at the start and after each change of the policies, until the signal. */
  run(signal: AbortSignal): Promise<void>;
}

/** The guard of one cluster, seen with the rights of the operator. */
export function createGuard(options: GuardOptions): Guard {
  const { client, credentials, clock, log } = options;
  const openSession = (signal: AbortSignal) => openProbeSession({ credentials, clock }, signal);
  const monitor = new GuardMonitor({ examine: (signal) => examine({ client, openSession }, signal), clock, log });
  return {
    get openRoutes() {
      return monitor.openRoutes;
    },
    onChange: (listener) => monitor.onChange(listener),
    examineNow: () => monitor.examineNow(),
    run: async (signal) => {
      await Promise.all([monitor.run(signal), watchPolicies(options, () => monitor.examineNow(), signal)]);
    },
  };
}
