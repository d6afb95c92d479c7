import type { ObjectKey } from '../../kube/objects.ts';
import { BY_NAMESPACE, type Stores } from '../stores.ts';
import type { OrgSnapshot } from './snapshot.ts';

/** Reads memory only. */
export function gatherOrg(key: ObjectKey, stores: Stores): OrgSnapshot | undefined {
  const org = stores.orgs.get(key);
  return org === undefined ? undefined : { org, workspaces: stores.workspaces.byIndex(BY_NAMESPACE, key.namespace) };
}
