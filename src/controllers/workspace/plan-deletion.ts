import { ANNOTATIONS, API_VERSION, APPROVAL_FINALIZER, FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { PODS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { EventEffect, Plan } from '../../runtime/plan.ts';
import { deleteLive, finalizerChange, statusWrite } from '../effects.ts';
import { assess } from './checks.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';
import { workspaceStatus } from './status.ts';

const RECHECK_MS = 5_000;

export const DELETE_WORKSPACE = 'delete_workspace';

/**
 * The way out of a Workspace: intent into the ledger, Pod gone (not just asked to go), outcome into the ledger, finalizer
 * off. The volume stays, and an Event says so. Cleanup tolerates that nothing was ever made.
 */
export function planDeletion(snapshot: WorkspaceSnapshot, now: Date): Plan {
  const { workspace, volume } = snapshot;
  const incarnation = workspace.status?.incarnation ?? workspace.metadata.uid;
  // Somebody else's Pod under our name is no reason to wait, and none to delete it.
  const pod = snapshot.pod?.metadata.annotations?.[ANNOTATIONS.incarnation] === incarnation ? snapshot.pod : undefined;
  const { metadata } = workspace;
  if (!(metadata.finalizers ?? []).includes(APPROVAL_FINALIZER)) return { outcome: { kind: 'settled' } };
  const subjectUID = metadata.uid ?? '';
  const volumeName = volume?.metadata.name;
  const intent = {
    action: DELETE_WORKSPACE,
    subjectUID,
    subject: `${metadata.namespace ?? ''}/${metadata.name}`,
    detail: { pod: pod?.metadata.name ?? null, volume: volumeName ?? null },
  };
  if (pod !== undefined) {
    const write = terminatingStatus(snapshot, now);
    return {
      intents: [intent],
      deletes: deleteLive(PODS, pod),
      ...(write === undefined ? {} : { status: write }),
      outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS },
    };
  }
  const refused = snapshot.lastFailure === undefined ? undefined : terminatingStatus(snapshot, now);
  return {
    intents: [intent],
    ...(refused === undefined ? {} : { status: refused }),
    outcomes: [{ action: DELETE_WORKSPACE, subjectUID, result: { volumeRetained: volumeName ?? null } }],
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

function retainedEvent({ workspace }: WorkspaceSnapshot, volumeName: string): EventEffect {
  const { name, namespace = '', uid = '' } = workspace.metadata;
  return {
    type: 'Normal',
    reason: REASONS.volumeRetained,
    action: 'Delete',
    note: `Workspace "${name}" is gone; its volume "${volumeName}" stays in the namespace`,
    regarding: { apiVersion: API_VERSION, kind: 'Workspace', namespace, name, uid },
  };
}

/** Says what the deletion waits for; without a refusal that is the end of the Pod. */
function terminatingStatus(snapshot: WorkspaceSnapshot, now: Date): Plan['status'] {
  const override = {
    reason: REASONS.terminating,
    message: snapshot.lastFailure ?? 'The Pod is ending; the volume stays',
  };
  const status = workspaceStatus({ snapshot, assessment: assess(snapshot), progress: 'progressing', override, now });
  const object = snapshot.workspace;
  return statusWrite({ resource: WORKSPACES, object, status, fieldManager: FIELD_MANAGERS.workspace });
}
