import { AGENT_SERVICE_ACCOUNT, ORG_NETWORK_POLICY } from '../../apis/v1alpha1/names.ts';
import type { ObjectKey } from '../../kube/objects.ts';
import { gatherContest, type IdentitySources, idsOfOrg } from '../identities.ts';
import type { StoreView } from '../store-view.ts';
import { BY_NAMESPACE } from '../stores.ts';
import type { IsolationSettings } from './isolation.ts';
import type { ObservedAccount, ObservedPolicy } from './observed.ts';
import type { OrgSnapshot } from './snapshot.ts';

export interface OrgSources extends IdentitySources {
  readonly networkPolicies: StoreView<ObservedPolicy>;
  readonly serviceAccounts: StoreView<ObservedAccount>;
  readonly settings: IsolationSettings;
}

/** Reads memory only. */
export function gatherOrg(key: ObjectKey, sources: OrgSources): OrgSnapshot | undefined {
  const org = sources.orgs.get(key);
  if (org === undefined) return undefined;
  const { namespace } = key;
  return {
    org,
    workspaces: sources.workspaces.byIndex(BY_NAMESPACE, namespace),
    isolation: {
      networkPolicy: sources.networkPolicies.get({ namespace, name: ORG_NETWORK_POLICY }),
      serviceAccount: sources.serviceAccounts.get({ namespace, name: AGENT_SERVICE_ACCOUNT }),
    },
    settings: sources.settings,
    contests: idsOfOrg(org).map((id) => gatherContest(id, sources)),
  };
}
