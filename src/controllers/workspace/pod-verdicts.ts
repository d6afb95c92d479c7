import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { ANNOTATIONS, CONTAINERS } from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { Condition } from '../../conditions/condition.ts';
import { explainRefusal } from './explain-refusal.ts';
import { type Finding, failing, good, underWay } from './finding.ts';
import type { ObservedContainer, ObservedPod } from './observed.ts';
import { isInCrashLoop, quickEnds } from './restart-backoff.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

type Input = Pick<WorkspaceSnapshot, 'workspace' | 'pod' | 'node' | 'report' | 'lastFailure'>;

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

/** Whether the files of the template lie on the volume of this Pod, and if not, what a person can do. */
export function findMaterialized(snapshot: Input): Finding {
  const { pod, report } = snapshot;
  if (pod === undefined) return notCreated(snapshot);
  if (pod.metadata.annotations?.[ANNOTATIONS.assetsDigest] === undefined) {
    return good(REASONS.templatesOff, 'No template is named, so nothing had to be delivered');
  }
  const run = pod.materialize;
  const exitCode = run?.exitCode ?? run?.lastExitCode ?? 0;
  // One that is held back was healed at its last start; that it does not start says nothing of its files.
  if (isDone(run) || run?.heldBack === true || (exitCode === 0 && findLoop(snapshot) !== undefined)) {
    return good(REASONS.materialized, 'The files of the template lie on the volume');
  }
  const obstacle = findObstacle(snapshot, CONTAINERS.materialize);
  if (obstacle !== undefined) return obstacle;
  const exit = EXITS[exitCode];
  if (exit !== undefined) {
    const why = run?.failure ?? (report?.podUID === pod.metadata.uid ? report?.report.reason : undefined);
    return failing(exit.reason, why === undefined ? exit.message : `${exit.message}: ${why}`);
  }
  if (exitCode !== 0) {
    return failing(
      REASONS.materializeFailed,
      `materialize ended with exit code ${exitCode}; see its log: kubectl logs ${pod.metadata.name} -c materialize`,
    );
  }
  return underWay(REASONS.materializing, 'The files of the template are being put on the volume');
}

/** Whether the agent of this Pod serves its card, and if not, what a person can do. */
export function findAgent(snapshot: Input): Finding {
  const { pod } = snapshot;
  if (pod === undefined) return notCreated(snapshot);
  const lost = findLostNode(snapshot, pod);
  if (lost !== undefined) return lost;
  if (pod.isReady) return good(REASONS.agentReady, 'The agent serves its card');
  const obstacle = findObstacle(snapshot, CONTAINERS.agent) ?? findLoop(snapshot);
  if (obstacle !== undefined) return obstacle;
  const { name } = pod.metadata;
  const said = saidOfAgent(snapshot);
  if (pod.agent?.hasStarted === true && (said?.status === 'True' || said?.reason === REASONS.agentNotResponding)) {
    return failing(
      REASONS.agentNotResponding,
      `The agent runs but does not serve its card any more; see what it does: kubectl logs ${name} -c agent`,
    );
  }
  if ((pod.agent?.restarts ?? 0) > 0) {
    return underWay(
      REASONS.agentRestarting,
      `The agent ended and is starting again; see why: kubectl logs ${name} -c agent --previous`,
    );
  }
  return underWay(
    REASONS.agentStarting,
    `The agent does not serve its card yet; see what it does: kubectl logs ${name} -c agent`,
  );
}

/** What is said of an agent that cannot stay up. Also of a Pod that ended and rests before the next is made. */
export function findLoop({ workspace, pod }: Pick<Input, 'workspace' | 'pod'>): Finding | undefined {
  if (pod === undefined || pod.isReady) return undefined;
  const said = saidOfAgent({ workspace })?.reason;
  // Between two ends there is nothing to be seen of a loop: once told, it goes on until the agent serves its card.
  const isStill = (reason: Reason): boolean => said === reason && hasRestarted(pod);
  if (hasRunOutOfMemory(pod.agent) || isStill(REASONS.oomKilled)) {
    return failing(
      REASONS.oomKilled,
      'The agent was ended because it used more memory than its tier gives it; set a higher spec.tier, or make it use less',
    );
  }
  const isHeldBack = pod.materialize?.heldBack === true || pod.agent?.reason === 'CrashLoopBackOff';
  if (isHeldBack || isInCrashLoop(pod) || isStill(REASONS.agentCrashLooping)) {
    return failing(
      REASONS.agentCrashLooping,
      `The agent ends soon after each start and is started after growing pauses; see why: kubectl logs ${pod.metadata.name} -c agent --previous`,
    );
  }
  return undefined;
}

function saidOfAgent({ workspace }: Pick<Input, 'workspace'>): Condition | undefined {
  return workspace.status?.conditions?.find(({ type }) => type === CONDITIONS.agentReady);
}

function hasRestarted(pod: ObservedPod): boolean {
  return (pod.agent?.restarts ?? 0) > 0 || (pod.materialize?.restarts ?? 0) > 0 || quickEnds(pod) > 0;
}

function hasRunOutOfMemory(agent: ObservedContainer | undefined): boolean {
  return agent?.reason === 'OOMKilled' || agent?.lastReason === 'OOMKilled';
}

const PULL_FAILURES = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']);
const START_FAILURES = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

/** What keeps a container from starting at all. The kubelet alternates between reasons while it retries; ours is one. */
function findObstacle({ pod }: Input, name: keyof typeof CONTAINERS): Finding | undefined {
  if (pod?.unschedulable !== undefined) return failing(REASONS.unschedulable, pod.unschedulable);
  const container = pod?.[name];
  if (container?.state !== 'waiting') return undefined;
  const { reason = '', message, image } = container;
  if (PULL_FAILURES.has(reason)) {
    const subject = image === undefined ? 'The image' : `The image "${image}"`;
    return failing(
      REASONS.imageNotPulled,
      `${subject} cannot be pulled; check its name and the Org's spec.defaults.imagePullSecrets, and see why: kubectl describe pod ${pod?.metadata.name}`,
    );
  }
  if (START_FAILURES.has(reason)) {
    return failing(
      REASONS.containerNotStarted,
      `The container cannot be started: ${message ?? reason}; check spec.env and what it names`,
    );
  }
  return undefined;
}

/** A Pod of a node that is silent may run on unseen, so that only Kubernetes may say that it is over. */
export function findLostNode({ node }: Pick<Input, 'node'>, { nodeName, isReady }: ObservedPod): Finding | undefined {
  if (nodeName === undefined) return undefined;
  if (node === undefined) {
    const message = `The node "${nodeName}" is gone; the Pod is made anew as soon as Kubernetes has removed the lost one`;
    return failing(REASONS.nodeLost, message);
  }
  if (node.isReady || isReady) return undefined;
  const message = `The node "${nodeName}" does not answer; the agent goes on when it is back, or elsewhere once Kubernetes has given the Pod up; where the node will not come back, delete it: kubectl delete node ${nodeName}`;
  return failing(REASONS.nodeLost, message);
}

function isDone(run: ObservedContainer | undefined): boolean {
  return run?.state === 'terminated' && run.exitCode === 0;
}

function notCreated({ lastFailure }: Input): Finding {
  return lastFailure === undefined
    ? underWay(REASONS.creating, 'The Pod is being created')
    : explainRefusal(lastFailure.message);
}
