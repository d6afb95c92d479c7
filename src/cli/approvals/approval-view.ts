import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { RequestPhase } from '../../rules/approval/lifecycle.ts';
import type { CLI_API_VERSION } from '../print-structured.ts';

/** What `kubectl molecule approvals list -o json` and `-o yaml` print: members are added, never renamed or removed; null means not known. */
export interface ApprovalList {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'ApprovalList';
  /** In the order in which they ask for attention. */
  readonly items: readonly ApprovalView[];
}

export interface ApprovalView {
  readonly namespace: string;
  readonly name: string;
  /** New: the operator has not completed it yet, and nobody can decide it. */
  readonly phase: RequestPhase | 'New';
  readonly action: string;
  readonly target: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly requestedBy: string;
  /** Everybody who had asked when the record was made; empty when nobody is known. */
  readonly askers: readonly string[];
  /** In the words of who asked. */
  readonly reason: string | null;
  readonly isBreakGlass: boolean;
  readonly hash: string | null;
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
  readonly decision: { readonly verdict: string; readonly by: string; readonly reason: string | null } | null;
  readonly operationID: string | null;
  /** What the operator says of it. */
  readonly message: string | null;
}

export function viewOf({ metadata, spec, status }: ApprovalRequest): ApprovalView {
  const { kind, name, uid } = spec.target;
  const { decision } = spec;
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    phase: status?.phase ?? 'New',
    action: spec.action,
    target: { kind, name, uid },
    requestedBy: spec.requestedBy,
    askers: spec.record?.askers ?? [],
    reason: spec.reason ?? null,
    isBreakGlass: spec.breakGlass === true,
    hash: spec.hash ?? null,
    createdAt: metadata.creationTimestamp ?? null,
    expiresAt: spec.expiresAt ?? null,
    decision:
      decision === undefined ? null : { verdict: decision.verdict, by: decision.by, reason: decision.reason ?? null },
    operationID: status?.operationID ?? null,
    message: status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? null,
  };
}
