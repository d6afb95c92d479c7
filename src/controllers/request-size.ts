import { REASONS } from '../apis/v1alpha1/reasons.ts';
import type { Workspace } from '../apis/v1alpha1/types.generated.ts';
import { keyOf, keyString, type ObjectKey } from '../kube/objects.ts';
import type { ApprovalRecord } from '../rules/approval/record.ts';
import type { Leave } from './leave.ts';
import type { StoreView } from './store-view.ts';
import { BY_PARENT } from './stores.ts';

/** As many Workspaces as a record lists, lost or affected; the schema of ApprovalRequest takes no more. */
export const MAX_LISTED = 2_000;

export const TOO_LARGE = {
  reason: REASONS.requestTooLarge,
  message: `The deletion is about more than ${MAX_LISTED} Workspaces, and no request lists so many; delete some of them first, at most ${MAX_LISTED} at a time`,
} as const;

export function isTooLarge({ losses, affected }: Pick<ApprovalRecord, 'losses' | 'affected'>): boolean {
  return losses.length > MAX_LISTED || affected.length > MAX_LISTED;
}

/** Nobody can be asked, so that whoever waits for the request is told why there is none. `listed`: asked only then. */
export function unlessTooLarge<T extends Leave | undefined>(leave: T, listed: () => number): T | Leave {
  if (leave?.kind !== 'held' || leave.reason !== REASONS.requestingApproval) return leave;
  return listed() > MAX_LISTED ? { kind: 'held', ...TOO_LARGE } : leave;
}

/** How many go with a Workspace, itself included; there is no need to count further than is too many. */
export function countSubtree(top: ObjectKey, workspaces: StoreView<Workspace>): number {
  const found = new Set([keyString(top)]);
  for (let parents = [top]; parents.length > 0 && found.size <= MAX_LISTED; ) {
    const below = parents.flatMap((parent) => workspaces.byIndex(BY_PARENT, keyString(parent)).map(keyOf));
    parents = below.filter((key) => !found.has(keyString(key)));
    for (const key of parents) found.add(keyString(key));
  }
  return found.size;
}
