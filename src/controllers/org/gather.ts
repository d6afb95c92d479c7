import { AGENT_SERVICE_ACCOUNT, ORG_NETWORK_POLICY, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Org } from '../../apis/v1alpha1/types.generated.ts';
import type { ObjectKey } from '../../kube/objects.ts';
import { deletionGrant } from '../approval-status.ts';
import type { ClearanceSource } from '../clearance.ts';
import { gatherContest, type IdentitySources, idsOfOrg } from '../identities.ts';
import { isBeingRestored, type Leave, leaveOf } from '../leave.ts';
import { unlessTooLarge } from '../request-size.ts';
import type { StoreView } from '../store-view.ts';
import { BY_NAMESPACE } from '../stores.ts';
import type { IsolationSettings } from './isolation.ts';
import type { ObservedAccount, ObservedPolicy } from './observed.ts';
import type { OrgSnapshot } from './snapshot.ts';

export interface OrgSources extends IdentitySources {
  readonly networkPolicies: StoreView<ObservedPolicy>;
  readonly serviceAccounts: StoreView<ObservedAccount>;
  readonly clearance: Pick<ClearanceSource, 'current'>;
  readonly settings: IsolationSettings;
}

/**
 * Reads memory only. Undefined also where it, or its platform agent, was denied to go and is on its way back, without what it was
 * yet: there is nothing to decide before.
 */
export function gatherOrg(key: ObjectKey, sources: OrgSources): OrgSnapshot | undefined {
  const org = sources.orgs.get(key);
  if (org === undefined) return undefined;
  const { namespace } = key;
  const leave = leaveTo(org, sources);
  if (leave?.kind === 'restoring' || isOnItsWayBack(org, sources)) return undefined;
  return {
    org,
    openRoutes: sources.clearance.current().openRoutes,
    leave,
    ...deletionGrant({ kind: 'Org', metadata: org.metadata }, sources),
    workspaces: sources.workspaces.byIndex(BY_NAMESPACE, namespace),
    isolation: {
      networkPolicy: sources.networkPolicies.get({ namespace, name: ORG_NETWORK_POLICY }),
      serviceAccount: sources.serviceAccounts.get({ namespace, name: AGENT_SERVICE_ACCOUNT }),
    },
    settings: sources.settings,
    contests: idsOfOrg(org).map((id) => gatherContest(id, sources)),
  };
}

function leaveTo({ metadata }: Org, sources: OrgSources): Leave | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  const leave = leaveOf({ kind: 'Org', metadata }, { ...sources, clearance: sources.clearance.current() });
  return unlessTooLarge(leave, () => sources.workspaces.byIndex(BY_NAMESPACE, metadata.namespace ?? '').length);
}

function isOnItsWayBack(org: Org, sources: OrgSources): boolean {
  const { name, namespace = '', uid = '' } = org.metadata;
  const root = { namespace, name: PLATFORM_AGENT_NAME };
  const agent = sources.workspaces.get(root);
  const hasRoot = agent?.status?.incarnation !== undefined;
  return (
    (org.status?.orgID === undefined && isBeingRestored({ kind: 'Org', namespace, name, uid }, sources)) ||
    (!hasRoot && isBeingRestored({ kind: 'Workspace', ...root }, sources))
  );
}
