import { UNATTRIBUTED } from '../../apis/v1alpha1/names.ts';

/** The cluster's own controllers delete on behalf of somebody whom nobody names. */
const CLUSTER_CONTROLLERS = 'system:serviceaccount:kube-system:';
/** All of them, where the controller manager gives none an account of its own. */
const CONTROLLER_MANAGER = 'system:kube-controller-manager';
const NOBODY: readonly string[] = ['', UNATTRIBUTED, CONTROLLER_MANAGER];

/** Whether a user of this name is somebody who can have asked. */
export function countsAsAsker(userName: string): boolean {
  return !NOBODY.includes(userName) && !userName.startsWith(CLUSTER_CONTROLLERS);
}

/** Whether it is known who asked. What nobody is known to have asked for takes the verb approve-unattributed. */
export function isAttributed(askers: readonly string[]): boolean {
  return askers.some(countsAsAsker);
}
