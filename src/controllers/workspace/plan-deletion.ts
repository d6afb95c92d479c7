import { APPROVAL_FINALIZER, FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { PODS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import { listNames } from '../../conditions/name-list.ts';
import type { EventEffect, Plan } from '../../runtime/plan.ts';
import { deleteLive, finalizerChange, regardingOf, tellStatus } from '../effects.ts';
import { assess } from './checks.ts';
import { claimantUID } from './identify.ts';
import { isOurs } from './observed.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';
import { type StatusInput, workspaceStatus } from './status.ts';

const RECHECK_MS = 5_000;
/** The last child that goes wakes its parent; this is for what no watch told. */
const CHILDREN_RECHECK_MS = 60_000;
const ENDING = 'The Pod is ending; the volume stays';

export const DELETE_WORKSPACE = 'delete_workspace';

/**
 * The way out of a Workspace: those below it first, which nobody but a person deletes or moves; then intent into the ledger, Pod
 * gone (not just asked to go), outcome into the ledger, finalizer off. The volume stays, and an Event says so. Cleanup tolerates
 * that nothing was ever made.
 */
export function planDeletion(snapshot: WorkspaceSnapshot, now: Date): Plan {
  const { workspace, volume } = snapshot;
  const { metadata } = workspace;
  if (!(metadata.finalizers ?? []).includes(APPROVAL_FINALIZER)) return { outcome: { kind: 'settled' } };
  if (childrenToWaitFor(snapshot).length > 0) return planWait(snapshot, now);
  const incarnation = workspace.status?.incarnation ?? metadata.uid ?? '';
  // Somebody else's Pod under our name is no reason to wait, and none to delete it.
  const pod = snapshot.pod !== undefined && isOurs(snapshot.pod, incarnation) ? snapshot.pod : undefined;
  const subjectUID = metadata.uid ?? '';
  const volumeName = volume?.metadata.name;
  const intent = {
    action: DELETE_WORKSPACE,
    subjectUID,
    subject: `${metadata.namespace ?? ''}/${metadata.name}`,
    detail: { pod: pod?.metadata.name ?? null, volume: volumeName ?? null },
  };
  if (pod !== undefined) {
    return {
      intents: [intent],
      deletes: deleteLive(PODS, pod),
      ...tellTerminating(snapshot, now),
      outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS },
    };
  }
  const refusal = snapshot.lastFailure === undefined ? {} : tellTerminating(snapshot, now);
  // By itself: an Event goes out with a status that is written, also where the rest of its plan is refused once more.
  if (refusal.status !== undefined) return { ...refusal, outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS } };
  return {
    intents: [intent],
    outcomes: [{ action: DELETE_WORKSPACE, subjectUID, result: { volumeRetained: volumeName ?? null } }],
    claims: releases(snapshot),
    ...(volumeName === undefined ? {} : { events: [retainedEvent(snapshot, volumeName)] }),
    removeFinalizer: finalizerChange({
      resource: WORKSPACES,
      object: workspace,
      finalizer: APPROVAL_FINALIZER,
      fieldManager: FIELD_MANAGERS.workspace,
    }),
    outcome: { kind: 'settled' },
  };
}

/** In a circle everybody is above everybody, and nobody would ever go; the platform agent is made anew and leaves no orphans. */
function childrenToWaitFor({ workspace, children, ancestors }: WorkspaceSnapshot): WorkspaceSnapshot['children'] {
  return workspace.spec.kind === 'platform' ? [] : children.filter(({ name }) => !ancestors.has(name));
}

/** Nothing is destroyed before: the agent runs on. */
function planWait(snapshot: WorkspaceSnapshot, now: Date): Plan {
  const children = childrenToWaitFor(snapshot);
  const isUnderWay = children.every(({ isDeleting }) => isDeleting);
  const remedy = isUnderWay ? '' : '; delete them too, or give them another spec.parentRef';
  const message = `Waits for ${children.length} below it to go: ${listNames(children.map(({ name }) => name))}${remedy}`;
  return {
    ...tell(snapshot, {
      progress: isUnderWay ? 'progressing' : 'waiting',
      override: { reason: REASONS.deletingChildren, message },
      now,
    }),
    outcome: { kind: 'waiting', recheckAfterMs: CHILDREN_RECHECK_MS },
  };
}

/** The id of a platform agent stays its Org's. */
function releases({ workspace, org, contest }: WorkspaceSnapshot): NonNullable<Plan['claims']> {
  if (workspace.spec.kind === 'platform') return [];
  return [{ kind: 'release', id: contest.id, holderUID: claimantUID(workspace, org) }];
}

function retainedEvent({ workspace }: WorkspaceSnapshot, volumeName: string): EventEffect {
  return {
    type: 'Normal',
    reason: REASONS.volumeRetained,
    action: 'Delete',
    note: `Workspace "${workspace.metadata.name}" is gone; its volume "${volumeName}" stays in the namespace`,
    regarding: regardingOf(WORKSPACES, workspace),
  };
}

/** Says what the deletion waits for; without a refusal that is the end of the Pod. */
function tellTerminating(snapshot: WorkspaceSnapshot, now: Date): Pick<Plan, 'status' | 'events'> {
  const { reason = REASONS.terminating, message } = snapshot.lastFailure ?? { message: ENDING };
  return tell(snapshot, { progress: 'progressing', override: { reason, message }, now });
}

function tell(
  snapshot: WorkspaceSnapshot,
  input: Pick<StatusInput, 'progress' | 'override' | 'now'>,
): Pick<Plan, 'status' | 'events'> {
  const status = workspaceStatus({ snapshot, assessment: assess(snapshot), ...input });
  const object = snapshot.workspace;
  return tellStatus({ resource: WORKSPACES, object, status, fieldManager: FIELD_MANAGERS.workspace });
}
