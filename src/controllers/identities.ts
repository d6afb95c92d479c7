import { PLATFORM_AGENT_NAME } from '../apis/v1alpha1/names.ts';
import type { ApprovalRequest, Org, Workspace } from '../apis/v1alpha1/types.generated.ts';
import { keyOf, type ObjectKey, type ObjectMeta } from '../kube/objects.ts';
import { type Contender, type Contest, standingOf } from '../rules/claims.ts';
import { orgID, platformAgentID, workspaceID } from '../rules/identity.ts';
import type { ClaimEffect } from '../runtime/plan.ts';
import { BY_RESTORED } from './leave.ts';
import type { StoreView } from './store-view.ts';

/** Index of Orgs and of Workspaces: the ids that an object takes. */
export const BY_ID = 'id';

export interface IdentitySources {
  readonly orgs: StoreView<Org>;
  readonly workspaces: StoreView<Workspace>;
  readonly approvalRequests: StoreView<ApprovalRequest>;
  /** uid of who holds an id by the ledger; undefined: nobody, or it is not known. */
  readonly holderOf: (id: string) => string | undefined;
}

/** An Org takes its own id and that of its platform agent, which may have to be made anew and must not lose it meanwhile. */
export function idsOfOrg(org: Org): readonly [string, string] {
  const id = orgID(org);
  return [id, platformAgentID(id)];
}

export function idsOfWorkspace(workspace: Workspace): readonly string[] {
  return workspace.spec.kind === 'platform' ? [] : [workspaceID(workspace, workspace.metadata.uid ?? '')];
}

/** The ids that the object of a denied request takes again. */
export function idsRestored({ spec, status }: ApprovalRequest): readonly string[] {
  const id = status?.restoration?.id;
  if (id === undefined) return [];
  return spec.target.kind === 'Org' ? [id, platformAgentID(id)] : [id];
}

/** Who wants this id, of all namespaces. */
export function gatherContest(id: string, sources: IdentitySources): Contest {
  const claimedBy = sources.holderOf(id);
  return {
    id,
    contenders: withRestored({ id, claimedBy }, sources.approvalRequests, [
      ...sources.workspaces.byIndex(BY_ID, id).map(({ metadata }) => contender('Workspace', metadata, metadata.name)),
      ...sources.orgs
        .byIndex(BY_ID, id)
        .map((org) =>
          id === orgID(org)
            ? contender('Org', org.metadata, org.metadata.name)
            : contender('Workspace', org.metadata, PLATFORM_AGENT_NAME),
        ),
    ]),
    ...(claimedBy === undefined ? {} : { claimedBy }),
  };
}

/**
 * A safe no costs nobody their id: who comes back is the elder of everybody, because its new uid and creation say nothing, and
 * while it is on its way it is a contender all the same, under the uid that it had. Where the ledger knows who held the id, that is
 * so of the holder alone: nobody gets an id that was never his by having his own deletion denied.
 */
function withRestored(
  { id, claimedBy }: { readonly id: string; readonly claimedBy: string | undefined },
  requests: StoreView<ApprovalRequest>,
  live: readonly Contender[],
): readonly Contender[] {
  const restored = requests
    .byIndex(BY_RESTORED, id)
    .map(({ metadata: { namespace = '' }, spec: { target }, status }) => {
      const isRoot = target.kind === 'Org' && status?.restoration?.id !== id;
      const kind = target.kind === 'Org' && !isRoot ? ('Org' as const) : ('Workspace' as const);
      const name = `${namespace}/${isRoot ? PLATFORM_AGENT_NAME : target.name}`;
      const isUnderWay = status?.restoration?.state === 'Releasing';
      return { uid: target.uid, kind, name, createdAt: '', isUnderWay };
    })
    .filter(({ uid }) => claimedBy === undefined || uid === claimedBy);
  const isSame = (one: Pick<Contender, 'kind' | 'name'>, other: Pick<Contender, 'kind' | 'name'>): boolean =>
    one.kind === other.kind && one.name === other.name;
  return [
    ...live.map((one) => (restored.some((other) => isSame(one, other)) ? { ...one, createdAt: '' } : one)),
    ...restored
      .filter((one) => one.isUnderWay && !live.some((other) => isSame(one, other)))
      .map(({ isUnderWay: _isUnderWay, ...one }) => one),
  ];
}

function contender(kind: Contender['kind'], metadata: ObjectMeta, name: string): Contender {
  const { uid = '', namespace = '', creationTimestamp = '' } = metadata;
  return { uid, kind, name: `${namespace}/${name}`, createdAt: creationTimestamp };
}

/** What to tell the ledger: nothing when it knows already, or when the id is somebody else's. */
export function claimEffects(contest: Contest, uid: string): readonly ClaimEffect[] {
  const standing = standingOf(contest, uid);
  const self = contest.contenders.find((candidate) => candidate.uid === uid);
  if (standing.kind !== 'claimable' || self === undefined) return [];
  const { deadHolderUID } = standing;
  return [
    {
      kind: 'claim',
      id: contest.id,
      holderUID: uid,
      holderKind: self.kind,
      holder: self.name,
      ...(deadHolderUID === undefined ? {} : { deadHolderUID }),
    },
  ];
}

/** The ids that an object gave up or took, as it came or went, or got back with its status what it had before. */
export function idsAtStake<T>(
  before: T | undefined,
  after: T | undefined,
  idsOf: (object: T) => readonly string[],
): readonly string[] {
  const had = before === undefined ? [] : idsOf(before);
  const has = after === undefined ? [] : idsOf(after);
  return [...had.filter((id) => !has.includes(id)), ...has.filter((id) => !had.includes(id))];
}

/** Workspaces whose standing depends on who holds these ids. */
export function workspacesOf(
  ids: readonly string[],
  sources: Pick<IdentitySources, 'orgs' | 'workspaces'>,
): readonly ObjectKey[] {
  return ids.flatMap((id) => [
    ...sources.workspaces.byIndex(BY_ID, id).map(keyOf),
    ...orgsOf([id], sources).map(({ namespace }) => ({ namespace, name: PLATFORM_AGENT_NAME })),
  ]);
}

/** Orgs whose standing depends on who holds these ids. */
export function orgsOf(ids: readonly string[], { orgs }: Pick<IdentitySources, 'orgs'>): readonly ObjectKey[] {
  return ids.flatMap((id) => orgs.byIndex(BY_ID, id).map(keyOf));
}
