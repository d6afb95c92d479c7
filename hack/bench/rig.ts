import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT, OPERATOR_USER } from '../../src/apis/v1alpha1/names.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { openKubeClient } from '../../src/kube/open-client.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { installApi } from '../install-api.ts';
import { DEV_DIR } from '../lib/paths.ts';
import { reportToStdout } from '../lib/report.ts';
import { openServiceAccount, type ServiceAccountAccess } from '../lib/service-account.ts';
import { countRequests, type RequestCounts } from './audit.ts';
import { runReadier } from './readier.ts';

/** A real etcd and apiserver with our API and a node that makes Pods ready, for one measurement. */
export interface Rig {
  readonly dir: string;
  readonly controlPlane: ControlPlane;
  /** With all rights; what it asks is not counted. */
  readonly client: KubeClient;
  /** As what the operator acts. */
  readonly access: ServiceAccountAccess;
  /** Aborted when the rig ends, or when its node fails. */
  readonly signal: AbortSignal;
  /** What the operator asked of the apiserver since then. */
  readonly countSince: (since: Date) => Promise<RequestCounts>;
}

export async function withRig(measure: (rig: Rig) => Promise<void>): Promise<void> {
  const dir = join(DEV_DIR, 'bench');
  await rm(dir, { recursive: true, force: true });
  const abort = new AbortController();
  const auditLog = join(dir, 'audit.log');
  const controlPlane = await startControlPlane({
    dir,
    auditLog,
    // Nobody makes default accounts or releases claims here, because there is no controller manager.
    disableAdmissionPlugins: ['ServiceAccount', 'StorageObjectInUseProtection'],
    report: reportToStdout,
  });
  try {
    await installApi(controlPlane.kubectl);
    const access = await openServiceAccount({
      kubectl: controlPlane.kubectl,
      namespace: OPERATOR_NAMESPACE,
      name: OPERATOR_SERVICE_ACCOUNT,
      dir,
    });
    const { client } = openKubeClient({ kubeconfig: controlPlane.adminKubeconfig, userAgent: 'bench' });
    runReadier(client, abort.signal).catch((error: unknown) => abort.abort(error));
    const countSince = (since: Date) => countRequests(auditLog, { username: OPERATOR_USER, since });
    await measure({ dir, controlPlane, client, access, signal: abort.signal, countSince });
  } finally {
    abort.abort();
    await controlPlane.stop();
  }
}
