import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { APPROVAL_FINALIZER, FIELD_MANAGERS, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { ORGS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { listNames } from '../../conditions/name-list.ts';
import { deepestFirst } from '../../rules/hierarchy.ts';
import type { PassFailure } from '../../runtime/controller.ts';
import type { Plan } from '../../runtime/plan.ts';
import { beginDestruction, endDestruction, type Granted } from '../destruction.ts';
import { deleteLive, finalizerChange, tellStatus } from '../effects.ts';
import { hierarchyNode } from '../hierarchy-node.ts';
import { isolationDeletes, isolationWrites } from './isolation.ts';
import type { OrgSnapshot } from './snapshot.ts';
import { guardVerdict, isolationVerdict, orgStatus } from './status.ts';

const RECHECK_MS = 30_000;

export const DELETE_ORG = 'delete_org';

/**
 * The way out of an Org whose deletion was approved: its Workspaces, each of which waits for those below it; then the platform
 * agent; then the walls, which stand as long as anybody is behind them; then the finalizer. The namespace stays.
 */
export function planDeletion(snapshot: OrgSnapshot & { readonly leave: Granted }, now: Date): Plan {
  const { org, workspaces, isolation, settings, contests, leave, lastFailure } = snapshot;
  const destruction = { resource: ORGS, object: org, action: DELETE_ORG, leave };
  const begun = beginDestruction(destruction, {});
  if (workspaces.length === 0) {
    const holderUID = org.metadata.uid ?? '';
    return {
      ...begun,
      ...endDestruction(destruction, {}),
      deletes: isolationDeletes(isolation),
      claims: contests.map(({ id }) => ({ kind: 'release', id, holderUID })),
      removeFinalizer: finalizerChange({
        resource: ORGS,
        object: org,
        finalizer: APPROVAL_FINALIZER,
        fieldManager: FIELD_MANAGERS.org,
      }),
      outcome: { kind: 'settled' },
    };
  }
  const walls = isolationWrites(org.metadata.namespace ?? '', isolation, settings);
  const platformAgent = workspaces.find((workspace) => workspace.metadata.name === PLATFORM_AGENT_NAME);
  const isListed = ({ metadata }: Workspace): boolean => leave.members.has(metadata.uid ?? '');
  const next = nextToGo(workspaces);
  // Who came later is not part of what was approved: its deletion waits for an approval of its own.
  const inOrder = [...next.filter(isListed), ...next.filter((workspace) => !isListed(workspace))];
  const deletes = inOrder.flatMap((workspace) => deleteLive(WORKSPACES, workspace));
  const verdicts = [
    isolationVerdict(walls.length === 0, lastFailure?.message),
    waitVerdict(workspaces, lastFailure),
    guardVerdict(snapshot),
  ];
  const status = orgStatus({ snapshot, platformAgent, progress: 'progressing', verdicts, now });
  return {
    ...(deletes.length === 0 ? {} : begun),
    writes: walls,
    deletes,
    ...tellStatus({ resource: ORGS, object: org, status, fieldManager: FIELD_MANAGERS.org }),
    outcome: { kind: 'progressing', recheckAfterMs: RECHECK_MS },
  };
}

/** Everybody but the platform agent at once; each Workspace itself waits for those below it. */
function nextToGo(workspaces: readonly Workspace[]): readonly Workspace[] {
  const children = childrenOf(workspaces);
  if (children.length === 0) return workspaces;
  const byName = new Map(children.map((workspace) => [workspace.metadata.name, hierarchyNode(workspace)]));
  const hierarchy = { platformAgent: PLATFORM_AGENT_NAME, lookup: (name: string) => byName.get(name) };
  return deepestFirst(children, { nodeOf: hierarchyNode, hierarchy });
}

function childrenOf(workspaces: readonly Workspace[]): readonly Workspace[] {
  return workspaces.filter(({ metadata }) => metadata.name !== PLATFORM_AGENT_NAME);
}

function waitVerdict(workspaces: readonly Workspace[], failure: PassFailure | undefined): Verdict {
  const children = childrenOf(workspaces).map(({ metadata }) => metadata.name);
  const noun = children.length === 1 ? 'Workspace' : 'Workspaces';
  const message =
    children.length === 0
      ? 'Waits for the platform agent to go'
      : `Waits for ${children.length} ${noun} to go: ${listNames(children)}; the platform agent goes last`;
  return {
    type: CONDITIONS.platformAgentReady,
    status: 'False',
    reason: failure?.reason ?? REASONS.deletingChildren,
    message: failure?.message ?? message,
  };
}
