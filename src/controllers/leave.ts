import { REASONS, type Reason } from '../apis/v1alpha1/reasons.ts';
import type { ApprovalRequest } from '../apis/v1alpha1/types.generated.ts';
import type { ObjectMeta } from '../kube/objects.ts';
import type { Clearance } from './clearance.ts';
import type { StoreView } from './store-view.ts';

/** Index of ApprovalRequests: uids of the target and of everything else that its record lists. */
export const BY_COVERED_UID = 'coveredUID';
/** Index of ApprovalRequests: `namespace/kind/name` of the target. */
export const BY_TARGET = 'target';

/** What a deletion of an object may do now. */
export type Leave =
  /** Nothing: the agent runs on as if nobody had asked. */
  | { readonly kind: 'held'; readonly reason: Reason; readonly message: string }
  /** An approval was consumed for it, alone or as part of a tree. The ledger is asked once more before anything goes. */
  | { readonly kind: 'granted'; readonly operationID: string; readonly retention: string; readonly request: string }
  /** Denied: it is let go and made again by somebody else; hands off. */
  | { readonly kind: 'restoring' };

export interface Leaver {
  readonly kind: 'Org' | 'Workspace' | 'TemplateAsset';
  readonly metadata: ObjectMeta;
}

/** Reads memory only. */
export function leaveOf(
  { kind, metadata }: Leaver,
  sources: { readonly approvalRequests: StoreView<ApprovalRequest>; readonly clearance: Clearance },
): Leave {
  const { approvalRequests, clearance } = sources;
  const covering = approvalRequests.byIndex(BY_COVERED_UID, metadata.uid ?? '');
  const blocked = blockedBy(clearance);
  const consumed = covering.find(({ status }) => status?.phase === 'Consumed');
  if (consumed !== undefined) {
    if (blocked !== undefined && consumed.spec.breakGlass !== true) return blocked;
    return {
      kind: 'granted',
      operationID: consumed.status?.operationID ?? '',
      retention: consumed.spec.record?.retention ?? '',
      request: consumed.metadata.name,
    };
  }
  const own = covering.filter(({ spec }) => spec.target.uid === metadata.uid && spec.target.kind === kind);
  const denied = own.find(({ status }) => status?.phase === 'Denied');
  if (denied !== undefined) return refusal(denied) ?? { kind: 'restoring' };
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

/** What keeps every deletion, whatever was decided; undefined when nothing does. */
function blockedBy({ ledger, openRoutes }: Clearance): Extract<Leave, { kind: 'held' }> | undefined {
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

function held(reason: Reason, message: string): Extract<Leave, { kind: 'held' }> {
  return { kind: 'held', reason, message };
}

/** A denied object that cannot be made again stays held, in the words of its request. */
function refusal({ status }: ApprovalRequest): Leave | undefined {
  const concluded = status?.conditions?.find(({ reason }) => reason === REASONS.cannotRestore);
  return concluded === undefined ? undefined : held(REASONS.cannotRestore, concluded.message);
}

/** Whether an object of this name is being made again now: until it has its identity back, nobody may take it for a new one. */
export function isBeingRestored(
  { kind, namespace, name }: { readonly kind: Leaver['kind']; readonly namespace: string; readonly name: string },
  { approvalRequests }: { readonly approvalRequests: StoreView<ApprovalRequest> },
): boolean {
  return approvalRequests
    .byIndex(BY_TARGET, `${namespace}/${kind}/${name}`)
    .some(({ status }) => status?.restoration?.state === 'Releasing');
}
