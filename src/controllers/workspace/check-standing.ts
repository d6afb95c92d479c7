import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { ORG_NAME, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { Org, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { findFailure } from '../../conditions/failure.ts';
import { standingOf } from '../../rules/claims.ts';
import { type Placement, place } from '../../rules/hierarchy.ts';
import { orgID, platformAgentID } from '../../rules/identity.ts';
import { hierarchyNode } from '../hierarchy-node.ts';
import { type Blocker, progressing, stalled, waiting } from './blocker.ts';
import { claimantUID } from './identify.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

export function placeInTree({ workspace, ancestors }: WorkspaceSnapshot): Placement {
  const hierarchy = { platformAgent: PLATFORM_AGENT_NAME, lookup: (name: string) => ancestors.get(name) };
  return place(hierarchyNode(workspace), hierarchy);
}

/** Whether the Workspace belongs where it is: Org, identity, place. What only forbids a start says nothing of an agent that runs. */
export function checkStanding(
  snapshot: WorkspaceSnapshot,
  placement: Placement | undefined,
  id: string,
): Blocker | undefined {
  const { workspace, org, pod } = snapshot;
  if (org === undefined) {
    return waiting(
      REASONS.orgNotFound,
      `No Org named "${ORG_NAME}" exists in this namespace; create one, every Workspace belongs to an Org`,
    );
  }
  const rootID = platformAgentID(orgID(org));
  if ((workspace.spec.kind === 'platform') !== (id === rootID)) {
    const message =
      "The id in the Org's status.rootID and the kind platform belong together and to the platform agent; give this Workspace another spec.id";
    return stalled(REASONS.notThePlatformAgent, message);
  }
  const taken = checkIdentity(snapshot);
  if (taken !== undefined) return taken;
  if (placement?.kind === 'misplaced') return waiting(REASONS[reasonKeys[placement.reason]], placement.message);
  return pod === undefined ? checkStart(snapshot, org) : undefined;
}

const reasonKeys = { ParentNotFound: 'parentNotFound', ParentCycle: 'parentCycle', TooDeep: 'tooDeep' } as const;

function checkIdentity({ workspace, org, contest }: WorkspaceSnapshot): Blocker | undefined {
  const standing = standingOf(contest, claimantUID(workspace, org));
  if (standing.kind !== 'taken') return undefined;
  const { kind, name } = standing.holder;
  const remedy =
    workspace.spec.kind === 'platform'
      ? 'delete the Org and create it again with another spec.orgID'
      : 'delete this Workspace and create it again with another spec.id';
  const message = `The id of this Workspace belongs to ${kind} ${name}; ${remedy}, which can be given at creation only`;
  return stalled(REASONS.idTaken, message);
}

/** What keeps an agent from starting and does not end one. */
function checkStart({ workspace, ancestors }: WorkspaceSnapshot, org: Org): Blocker | undefined {
  if (isTooLate(workspace, org)) {
    return waiting(REASONS.orgDeleting, 'The Org is being deleted and takes no new Workspaces; use another Org');
  }
  const leaving = leavingParent({ workspace, ancestors });
  if (leaving !== undefined) return waiting(REASONS.parentDeleting, leaving);
  const why = explainOrg(org);
  if (why === undefined) return undefined;
  const block = findFailure(org.status?.conditions ?? []) === undefined ? progressing : waiting;
  return block(REASONS.orgNotReady, `The Org is not ready for agents: ${why}`);
}

/**
 * Workspaces that were there before the deletion of the Org go on until it is approved, and so does the platform agent, which
 * the Org itself makes anew. One that came back after a denial was there before, whenever its object was made.
 */
function isTooLate({ metadata, spec, status }: Workspace, org: Org): boolean {
  const { uid, creationTimestamp = '' } = metadata;
  const { deletionTimestamp } = org.metadata;
  if (deletionTimestamp === undefined || creationTimestamp < deletionTimestamp) return false;
  return spec.kind !== 'platform' && (status?.incarnation ?? uid) === uid;
}

/** Why no agent may start in an Org, by its status: it is not isolated, or its id is somebody else's. */
export function explainOrg(org: Org): string | undefined {
  const { conditions = [] } = org.status ?? {};
  const isolation = conditions.find(({ type }) => type === CONDITIONS.isolationReady);
  if (isolation === undefined) return 'it was created just now';
  const culprit = isolation.status === 'True' ? conditions.find(({ reason }) => reason === REASONS.idTaken) : isolation;
  return culprit?.message;
}

/** A child keeps its parent from going. One that runs goes on; one that has not started would only make the wait longer. */
function leavingParent({
  workspace,
  ancestors,
}: Pick<WorkspaceSnapshot, 'workspace' | 'ancestors'>): string | undefined {
  const name = workspace.spec.parentRef?.name;
  // The platform agent is made anew under the same name and waits for nobody.
  if (name === undefined || name === PLATFORM_AGENT_NAME || ancestors.get(name)?.isGoing !== true) return undefined;
  return `Workspace "${name}" above it is being deleted and waits for this one; give this one another spec.parentRef, or delete it too`;
}

export function placedVerdict(snapshot: WorkspaceSnapshot, blocker: Blocker | undefined): Verdict {
  const type = CONDITIONS.placed;
  if (blocker !== undefined) return { type, status: 'False', reason: blocker.reason, message: blocker.message };
  const leaving = leavingParent(snapshot);
  if (leaving !== undefined) return { type, status: 'True', reason: REASONS.parentDeleting, message: leaving };
  return { type, status: 'True', reason: REASONS.placed, message: 'Has its place in the Org' };
}
