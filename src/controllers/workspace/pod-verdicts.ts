import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { ANNOTATIONS } from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { ConditionStatus, Verdict } from '../../conditions/condition.ts';
import type { ObservedContainer, ObservedPod } from './observed.ts';
import type { ReceivedReport } from './snapshot.ts';

type Finding = Pick<Verdict, 'status' | 'reason' | 'message'>;

/** Whether the files of the template lie on the volume of this Pod, and if not, what a person can do. */
export function materializedVerdict(pod: ObservedPod | undefined, report: ReceivedReport | undefined): Verdict {
  return { type: CONDITIONS.materialized, ...findMaterialized(pod, report) };
}

/** Whether the agent of this Pod serves its card, and if not, what a person can do. */
export function agentVerdict(pod: ObservedPod | undefined): Verdict {
  return { type: CONDITIONS.agentReady, ...findAgent(pod) };
}

/** What each exit code of materialize means to a person; docs/materialize.md has the codes. */
const EXITS: Readonly<Record<number, { readonly reason: Reason; readonly message: string }>> = {
  65: {
    reason: REASONS.assetsRefused,
    message: 'The assets were refused as damaged or forbidden; the volume is untouched',
  },
  73: {
    reason: REASONS.volumeNotWritable,
    message: 'The volume cannot be written; check its free space and its permissions',
  },
  75: { reason: REASONS.assetsUnavailable, message: 'The assets are not in place yet and it is tried again' },
};

function findMaterialized(pod: ObservedPod | undefined, report: ReceivedReport | undefined): Finding {
  if (pod === undefined) return creating();
  if (pod.metadata.annotations?.[ANNOTATIONS.assetsDigest] === undefined) {
    return finding('True', REASONS.templatesOff, 'No template is named, so nothing had to be delivered');
  }
  const run = pod.materialize;
  if (run?.state === 'terminated' && run.exitCode === 0) {
    return finding('True', REASONS.materialized, 'The files of the template lie on the volume');
  }
  const obstacle = findObstacle(pod, run);
  if (obstacle !== undefined) return obstacle;
  const exitCode = run?.exitCode ?? run?.lastExitCode ?? 0;
  const exit = EXITS[exitCode];
  if (exit !== undefined) {
    const why = report?.podUID === pod.metadata.uid ? report?.report.reason : undefined;
    return finding('False', exit.reason, why === undefined ? exit.message : `${exit.message}: ${why}`);
  }
  if (exitCode !== 0) {
    const message = `materialize ended with exit code ${exitCode}; see its log: kubectl logs ${pod.metadata.name} -c materialize`;
    return finding('False', REASONS.materializeFailed, message);
  }
  return finding('False', REASONS.materializing, 'The files of the template are being put on the volume');
}

function findAgent(pod: ObservedPod | undefined): Finding {
  if (pod === undefined) return creating();
  if (pod.isReady) return finding('True', REASONS.agentReady, 'The agent serves its card');
  const obstacle = findObstacle(pod, pod.agent);
  if (obstacle !== undefined) return obstacle;
  if ((pod.agent?.restarts ?? 0) > 0) {
    const message = `The agent ended and is starting again; see why: kubectl logs ${pod.metadata.name} -c agent --previous`;
    return finding('False', REASONS.agentRestarting, message);
  }
  const message = `The agent does not serve its card yet; see what it does: kubectl logs ${pod.metadata.name} -c agent`;
  return finding('False', REASONS.agentStarting, message);
}

const PULL_FAILURES = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']);
const START_FAILURES = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

/** What keeps a container from starting at all. The kubelet alternates between reasons while it retries; ours is one. */
function findObstacle(pod: ObservedPod, container: ObservedContainer | undefined): Finding | undefined {
  if (pod.unschedulable !== undefined) return finding('False', REASONS.unschedulable, pod.unschedulable);
  if (container?.state !== 'waiting') return undefined;
  if (PULL_FAILURES.has(container.reason ?? '')) {
    const message = `The image cannot be pulled; check its name and the Org's spec.defaults.imagePullSecrets, and see why: kubectl describe pod ${pod.metadata.name}`;
    return finding('False', REASONS.imageNotPulled, message);
  }
  if (START_FAILURES.has(container.reason ?? '')) {
    return finding(
      'False',
      REASONS.containerNotStarted,
      `The container cannot be started: ${container.message ?? container.reason}; check spec.env and what it names`,
    );
  }
  return undefined;
}

function creating(): Finding {
  return finding('False', REASONS.creating, 'The Pod is being created');
}

function finding(status: ConditionStatus, reason: Reason, message: string): Finding {
  return { status, reason, message };
}
