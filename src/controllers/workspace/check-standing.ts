import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { ORG_NAME, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type Placement, place } from '../../rules/hierarchy.ts';
import { orgID, platformAgentID } from '../../rules/identity.ts';
import { type Blocker, stalled, waiting } from './blocker.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

export function placeInTree({ workspace, ancestors }: WorkspaceSnapshot): Placement {
  const { metadata, spec } = workspace;
  const node = {
    name: metadata.name,
    isPlatform: spec.kind === 'platform',
    ...(spec.parentRef === undefined ? {} : { parentName: spec.parentRef.name }),
  };
  return place(node, { platformAgent: PLATFORM_AGENT_NAME, lookup: (name) => ancestors.get(name) });
}

export function checkStanding(
  { workspace, org }: WorkspaceSnapshot,
  placement: Placement | undefined,
  id: string,
): Blocker | undefined {
  if (org === undefined) {
    return waiting(
      REASONS.orgNotFound,
      `No Org named "${ORG_NAME}" exists in this namespace; create one, every Workspace belongs to an Org`,
    );
  }
  const rootID = platformAgentID(orgID(org));
  if ((workspace.spec.kind === 'platform') !== (id === rootID)) {
    const message = `The id ${rootID} and the kind platform belong together and to the Org's platform agent; give this Workspace another spec.id`;
    return stalled(REASONS.notThePlatformAgent, message);
  }
  if (placement?.kind !== 'misplaced') return undefined;
  return waiting(REASONS[reasonKeys[placement.reason]], placement.message);
}

const reasonKeys = { ParentNotFound: 'parentNotFound', ParentCycle: 'parentCycle', TooDeep: 'tooDeep' } as const;

export function placedVerdict(blocker: Blocker | undefined): Verdict {
  if (blocker === undefined)
    return { type: CONDITIONS.placed, status: 'True', reason: REASONS.placed, message: 'Has its place in the Org' };
  return { type: CONDITIONS.placed, status: 'False', reason: blocker.reason, message: blocker.message };
}
