import { UNATTRIBUTED } from '../../apis/v1alpha1/names.ts';

/** The cluster's own controllers delete on behalf of somebody whom nobody names. */
const CLUSTER_CONTROLLERS = 'system:serviceaccount:kube-system:';

/** Whether a user of this name is somebody who can have asked. */
export function countsAsAsker(userName: string): boolean {
  return userName !== '' && userName !== UNATTRIBUTED && !userName.startsWith(CLUSTER_CONTROLLERS);
}

/** Whether it is known who asked. What nobody is known to have asked for takes the verb approve-unattributed. */
export function isAttributed(askers: readonly string[]): boolean {
  return askers.some(countsAsAsker);
}
