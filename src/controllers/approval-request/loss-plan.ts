import type { ApprovalRequestPlan } from '../../apis/v1alpha1/types.generated.ts';
import type { Loss } from '../../rules/approval/record.ts';
import type { Sight, Sights } from './snapshot.ts';

/** As many as a person reads. The record lists all of them. */
const MAX_SHOWN = 100;

/** What is lost, with what the approver wants to know of it. */
export function lossPlan(losses: readonly Loss[], sights: Sights): ApprovalRequestPlan {
  // An id that is contested stands there once, because status takes no second entry of it.
  const byID = new Map(losses.map((loss) => [loss.workspaceID, loss]));
  return {
    totalWorkspaces: losses.length,
    totalVolumes: losses.filter(({ claimUID }) => claimUID !== undefined).length,
    workspaces: [...byID.values()].slice(0, MAX_SHOWN).map((loss) => shown(loss, sights.get(loss.claimName ?? ''))),
  };
}

function shown(
  { workspaceID, name, claimName }: Loss,
  sight: Sight | undefined,
): NonNullable<ApprovalRequestPlan['workspaces']>[number] {
  const size = sight?.volume?.requested;
  return {
    id: workspaceID,
    name,
    ...(claimName === undefined ? {} : { claimName }),
    ...(size === undefined ? {} : { size }),
    isRunning: sight?.pod?.isReady ?? false,
  };
}
