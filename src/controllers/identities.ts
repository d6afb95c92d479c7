import { PLATFORM_AGENT_NAME } from '../apis/v1alpha1/names.ts';
import type { Org, Workspace } from '../apis/v1alpha1/types.generated.ts';
import { keyOf, type ObjectKey, type ObjectMeta } from '../kube/objects.ts';
import { type Contender, type Contest, standingOf } from '../rules/claims.ts';
import { orgID, platformAgentID } from '../rules/identity.ts';
import type { ClaimEffect } from '../runtime/plan.ts';
import type { StoreView } from './store-view.ts';

/** Index of Orgs and of Workspaces: the ids that an object takes. */
export const BY_ID = 'id';

export interface IdentitySources {
  readonly orgs: StoreView<Org>;
  readonly workspaces: StoreView<Workspace>;
  /** uid of who holds an id by the ledger; undefined: nobody, or it is not known. */
  readonly holderOf: (id: string) => string | undefined;
}

/** An Org takes its own id and that of its platform agent, which may have to be made anew and must not lose it meanwhile. */
export function idsOfOrg(org: Org): readonly [string, string] {
  const id = orgID(org);
  return [id, platformAgentID(id)];
}

export function idsOfWorkspace({ metadata, spec }: Workspace): readonly string[] {
  return spec.kind === 'platform' ? [] : [spec.id ?? metadata.uid ?? ''];
}

/** Who wants this id, of all namespaces. */
export function gatherContest(id: string, sources: IdentitySources): Contest {
  const claimedBy = sources.holderOf(id);
  return {
    id,
    contenders: [
      ...sources.workspaces.byIndex(BY_ID, id).map(({ metadata }) => contender('Workspace', metadata, metadata.name)),
      ...sources.orgs
        .byIndex(BY_ID, id)
        .map((org) =>
          id === orgID(org)
            ? contender('Org', org.metadata, org.metadata.name)
            : contender('Workspace', org.metadata, PLATFORM_AGENT_NAME),
        ),
    ],
    ...(claimedBy === undefined ? {} : { claimedBy }),
  };
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

/** The ids that an object which came or went takes. Ids never change, so nothing else alters who wants them. */
export function idsAtStake<T>(
  before: T | undefined,
  after: T | undefined,
  idsOf: (object: T) => readonly string[],
): readonly string[] {
  const object = after ?? before;
  return object === undefined || (before !== undefined && after !== undefined) ? [] : idsOf(object);
}

/** Workspaces whose standing depends on who holds these ids. */
export function workspacesOf(ids: readonly string[], sources: Omit<IdentitySources, 'holderOf'>): readonly ObjectKey[] {
  return ids.flatMap((id) => [
    ...sources.workspaces.byIndex(BY_ID, id).map(keyOf),
    ...orgsOf([id], sources).map(({ namespace }) => ({ namespace, name: PLATFORM_AGENT_NAME })),
  ]);
}

/** Orgs whose standing depends on who holds these ids. */
export function orgsOf(ids: readonly string[], { orgs }: Pick<IdentitySources, 'orgs'>): readonly ObjectKey[] {
  return ids.flatMap((id) => orgs.byIndex(BY_ID, id).map(keyOf));
}
