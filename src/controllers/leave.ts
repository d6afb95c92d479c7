import { CONDITIONS } from '../apis/v1alpha1/conditions.ts';
import { ANNOTATIONS, LABELS } from '../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../apis/v1alpha1/reasons.ts';
import type { ApprovalRequest, Org, Workspace } from '../apis/v1alpha1/types.generated.ts';
import { keyOf, keyString, type ObjectMeta } from '../kube/objects.ts';
import type { Clearance } from './clearance.ts';
import type { StoreView } from './store-view.ts';
import { isOurs, type ObservedVolume } from './workspace/observed.ts';

/** Index of ApprovalRequests: uids of the target and of everything else that its record lists. */
export const BY_COVERED_UID = 'coveredUID';
/** Index of ApprovalRequests: `namespace/kind/name` of the target. */
export const BY_TARGET = 'target';
/** Index of ApprovalRequests: what their restoration gives back, ids and incarnation. */
export const BY_RESTORED = 'restored';

/** Index of ApprovalRequests: `namespace/kind` of a target that is to be brought back and is not back yet. */
export const BY_DENIED = 'denied';

/** Index of volumes: `namespace/name` of the deleted Workspace that somebody asks back with it, or that came back with it. */
export const BY_ASKED_BACK = 'askedBack';

/** What a deletion of an object may do now. */
export type Leave =
  /** Nothing: the agent runs on as if nobody had asked. */
  | { readonly kind: 'held'; readonly reason: Reason; readonly message: string }
  /** An approval was consumed for it, alone or as part of a tree. The ledger is asked once more before anything goes. */
  | {
      readonly kind: 'granted';
      readonly operationID: string;
      readonly retention: string;
      readonly request: string;
      /** uids of all Workspaces that go under it. */
      readonly members: ReadonlySet<string>;
    }
  /** Denied: it is let go and made again by somebody else; hands off. */
  | { readonly kind: 'restoring' };

export interface Leaver {
  readonly kind: 'Org' | 'Workspace' | 'TemplateAsset';
  readonly metadata: ObjectMeta;
}

/** Where it is known what goes under an approval that was used up. */
export interface Covering {
  readonly approvalRequests: StoreView<ApprovalRequest>;
  readonly orgs: StoreView<Org>;
  readonly workspaces: StoreView<Workspace>;
}

/** Reads memory only. */
export function leaveOf({ kind, metadata }: Leaver, sources: Covering & { readonly clearance: Clearance }): Leave {
  const { approvalRequests, clearance } = sources;
  const covering = approvalRequests.byIndex(BY_COVERED_UID, metadata.uid ?? '');
  const blocked = blockedBy(clearance);
  const consumed = consumedFor(metadata.uid ?? '', sources);
  const record = consumed?.spec.record;
  if (consumed !== undefined && record !== undefined) {
    const stillBlocked = consumed.spec.breakGlass === true ? blockedBy(withoutLedger(clearance)) : blocked;
    if (stillBlocked !== undefined) return stillBlocked;
    return {
      kind: 'granted',
      operationID: consumed.status?.operationID ?? '',
      retention: record.retention,
      request: consumed.metadata.name,
      members: new Set(record.losses.map(({ uid }) => uid)),
    };
  }
  const own = covering.filter(({ spec }) => spec.target.uid === metadata.uid && spec.target.kind === kind);
  const denied = own.find((request) => request.status?.phase === 'Denied' && !isConcluded(request));
  if (denied !== undefined) return whileDenied(denied);
  if (blocked !== undefined) return blocked;
  const open = own.find(({ status }) => status?.phase === 'Pending' || status?.phase === 'Approved');
  if (open === undefined)
    return held(REASONS.requestingApproval, 'The deletion waits for an approval, which is being asked for');
  const { namespace, name } = open.metadata;
  if (open.spec.decision?.verdict === 'Approved')
    return held(REASONS.checkingApproval, `ApprovalRequest "${name}" is approved and is being checked once more`);
  return held(
    REASONS.awaitingApproval,
    `The deletion waits for a human to decide ApprovalRequest "${name}"; look at it with: kubectl molecule approvals show ${name} -n ${namespace}`,
  );
}

/**
 * The request whose approval was used up for the object of this uid: for itself, or for what it goes with, as long as that is still
 * going. Who was moved away in time was not destroyed by that operation, and by no later one without an approval of its own.
 */
export function consumedFor(
  uid: string,
  { approvalRequests, orgs, workspaces }: Covering,
): ApprovalRequest | undefined {
  return approvalRequests.byIndex(BY_COVERED_UID, uid).find(({ metadata, spec: { target }, status }) => {
    if (status?.phase !== 'Consumed') return false;
    if (target.uid === uid) return true;
    const key = { namespace: metadata.namespace ?? '', name: target.name };
    return (target.kind === 'Org' ? orgs : workspaces).get(key)?.metadata.uid === target.uid;
  });
}

/** What keeps every deletion, whatever was decided; undefined when nothing does. */
export function blockedBy({ ledger, openRoutes }: Clearance): Extract<Leave, { kind: 'held' }> | undefined {
  switch (ledger) {
    case 'absent':
      return held(REASONS.ledgerUnavailable, 'No ledger is configured, so nothing is ever destroyed; set LEDGER_URL');
    case 'unavailable':
      return held(REASONS.ledgerUnavailable, 'The ledger does not answer; nothing is destroyed until it does');
    case 'frozen':
      return held(
        REASONS.ledgerFrozen,
        'The ledger is older than what the cluster remembers of it; nothing is destroyed until an administrator has looked: kubectl molecule audit verify',
      );
    default:
  }
  if (openRoutes === undefined)
    return held(REASONS.guardUnknown, 'The guard has not been examined yet; nothing is destroyed before');
  if (openRoutes.length === 0) return undefined;
  return held(
    REASONS.guardOpen,
    `Nothing is destroyed while a way round the approvals is open: ${openRoutes.join('; ')}`,
  );
}

/** What counts where two people broke the glass: without the policies one of them could be both. */
export function withoutLedger(clearance: Clearance): Clearance {
  return { ...clearance, ledger: 'available' };
}

function held(reason: Reason, message: string): Extract<Leave, { kind: 'held' }> {
  return { kind: 'held', reason, message };
}

/** A denied object stays held until it can be let go and made again; where that cannot be, in the words of its request. */
function whileDenied({ metadata, status }: ApprovalRequest): Leave {
  if (status?.restoration?.state === 'Releasing') return { kind: 'restoring' };
  const refusal = status?.conditions?.find(({ reason }) => reason === REASONS.cannotRestore);
  if (refusal !== undefined) return held(REASONS.cannotRestore, refusal.message);
  return held(REASONS.restoring, `ApprovalRequest "${metadata.name}" is denied, and the object is being brought back`);
}

/** A request that came to its end has no say any more. */
export function isConcluded({ status }: ApprovalRequest): boolean {
  return status?.conditions?.some(({ type, status }) => type === CONDITIONS.concluded && status === 'True') ?? false;
}

/**
 * Whether an object of this name is being made again now: until it has its identity back, nobody may take it for a new one. With its
 * uid also where it is back already: what tells so may be heard of before the status that gives the identity.
 */
export function isBeingRestored(
  object: { readonly kind: Leaver['kind']; readonly namespace: string; readonly name: string; readonly uid?: string },
  { approvalRequests }: { readonly approvalRequests: StoreView<ApprovalRequest> },
): boolean {
  const { kind, namespace, name, uid } = object;
  return approvalRequests.byIndex(BY_TARGET, `${namespace}/${kind}/${name}`).some(({ status }) => {
    const { state, uid: restored } = status?.restoration ?? {};
    return state === 'Releasing' || (state === 'Restored' && uid !== undefined && restored === uid);
  });
}

/**
 * Whether a deleted Workspace of this name is being made again around the volume that was kept; the same holds for it, and also once
 * it has its identity, until everything about it is as it was. One that has other data is none of it, nor is one that is being
 * deleted, which may be the dead one itself.
 */
export function isAskedBack(
  { metadata, status }: Pick<Workspace, 'metadata' | 'status'>,
  { volumes }: { readonly volumes: StoreView<ObservedVolume> },
): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const incarnation = status?.incarnation;
  return volumes
    .byIndex(BY_ASKED_BACK, keyString(keyOf({ metadata })))
    .some((volume) =>
      incarnation === undefined
        ? isAsked(volume) || volume.metadata.annotations?.[ANNOTATIONS.workspaceUID] === metadata.uid
        : isAsked(volume) && isOurs(volume, incarnation),
    );
}

function isAsked({ metadata: { labels, annotations } }: ObservedVolume): boolean {
  return labels?.[LABELS.expires] !== undefined && annotations?.[ANNOTATIONS.restore] !== undefined;
}

/** The key of BY_ASKED_BACK, for a volume that is asked back or was once: its Workspace is not the one that it was made for. */
export function askedBackBy(volume: ObservedVolume): readonly string[] {
  const { namespace, labels = {}, annotations = {} } = volume.metadata;
  const wasAsked = annotations[ANNOTATIONS.workspaceUID] !== annotations[ANNOTATIONS.incarnation];
  return isAsked(volume) || wasAsked ? [`${namespace}/${labels[LABELS.workspace]}`] : [];
}
