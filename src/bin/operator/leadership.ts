import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from '../../apis/v1alpha1/names.ts';
import { ALONE, LeaderElection, type LeaderElectionOptions, type Leadership } from '../../runtime/leader-election.ts';
import type { OperatorConfig } from './config.ts';
import { labelPod } from './leader-label.ts';

export interface RunningLeadership extends Leadership {
  /** Until `stop`; rejects when the Lease is lost. */
  run(signals: { readonly stop: AbortSignal; readonly kill: AbortSignal }): Promise<void>;
}

/** Leadership as the flags want it: by the Lease or without asking, shown on the Pod or not. */
export function createLeadership(
  config: Pick<OperatorConfig, 'leaderElection' | 'instance' | 'podName'>,
  options: Omit<LeaderElectionOptions, 'lease' | 'identity' | 'predecessors'>,
): RunningLeadership {
  const { leaderElection, instance, podName } = config;
  const namespace = leaderElection?.namespace ?? OPERATOR_NAMESPACE;
  const election =
    leaderElection === undefined
      ? undefined
      : new LeaderElection({
          ...options,
          lease: { namespace, name: OPERATOR_NAME },
          identity: `${instance ?? hostname()}_${randomUUID()}`,
          ...(instance === undefined ? {} : { predecessors: `${instance}_` }),
        });
  const { gained } = election ?? ALONE;
  const label = async (isLeader: boolean, signal: AbortSignal): Promise<void> => {
    if (podName !== undefined) await labelPod({ ...options, pod: { namespace, name: podName } }, isLeader, signal);
  };
  return {
    gained,
    isLeader: () => (election ?? ALONE).isLeader(),
    run: async (signals) => {
      await label(false, signals.stop);
      void gained.then(() => label(true, signals.stop));
      await election?.run(signals);
    },
  };
}
