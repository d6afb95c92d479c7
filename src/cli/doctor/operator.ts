import { OPERATOR_NAMESPACE } from '../../apis/v1alpha1/names.ts';
import type { KubeObject, Resource } from '../../kube/objects.ts';
import { age } from '../age.ts';
import { type Found, find } from '../read-object.ts';
import { failed, forbidden, ok, type Problem, warning } from './finding.ts';
import type { DoctorSource } from './source.ts';

/** The Deployment and the Lease are called the same. */
const NAME = 'molecule-operator';
const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};
const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};
/** A Lease is renewed three times as often as it has to be; twice its time leaves room for clocks that differ. */
const STALE_FACTOR = 2;

export interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly renewTime?: string | null;
    readonly leaseDurationSeconds?: number | null;
  };
}

export interface OperatorFacts {
  readonly deployment: Found<Deployment>;
  readonly lease: Found<Lease>;
  readonly now: Date;
}

export async function readOperator({ client, now, signal }: DoctorSource): Promise<OperatorFacts> {
  const key = { namespace: OPERATOR_NAMESPACE, name: NAME };
  const [deployment, lease] = await Promise.all([
    find(client.get<Deployment>(DEPLOYMENTS, key, { signal })),
    find(client.get<Lease>(LEASES, key, { signal })),
  ]);
  return { deployment, lease, now };
}

export function judgeOperator(facts: OperatorFacts): readonly Problem[] {
  const lease = judgeLease(facts);
  const deployment = judgeDeployment(facts.deployment, lease.verdict === 'ok');
  if (facts.lease.kind !== 'missing') return [deployment, lease];
  return deployment.verdict === 'ok'
    ? [deployment, ok('There is no Lease: it runs alone, without leader election')]
    : [deployment];
}

function judgeDeployment(found: Found<Deployment>, isLed: boolean): Problem {
  if (found.kind === 'unreadable') return forbidden(found.message);
  const deployment = `-n ${OPERATOR_NAMESPACE} deployment ${NAME}`;
  if (found.kind === 'missing') {
    return isLed
      ? warning('The operator runs outside of this cluster', 'Install manifests/install.yaml where that is not wanted')
      : failed('The operator is not installed', 'kubectl apply --server-side -f manifests/install.yaml');
  }
  const { spec, status } = found.value;
  const available = status?.conditions?.find(({ type }) => type === 'Available');
  const counts = `${status?.readyReplicas ?? 0} of ${spec?.replicas ?? 1} replicas are ready`;
  return available?.status === 'True'
    ? ok(`The operator is available: ${counts}`)
    : failed(`The operator is not available: ${counts}`, `kubectl describe ${deployment}`);
}

function judgeLease({ lease, now }: Pick<OperatorFacts, 'lease' | 'now'>): Problem {
  if (lease.kind === 'unreadable') return forbidden(lease.message);
  const log = `kubectl logs -n ${OPERATOR_NAMESPACE} deployment/${NAME}`;
  const { holderIdentity, renewTime, leaseDurationSeconds } =
    (lease.kind === 'found' ? lease.value.spec : undefined) ?? {};
  if (!holderIdentity || !renewTime)
    return failed('Nobody leads: the Lease is not held, so nothing is reconciled', log);
  const staleMs = (leaseDurationSeconds ?? 0) * 1000 * STALE_FACTOR;
  const renewed = `${age(renewTime, now)} ago by this machine's clock`;
  return now.getTime() - Date.parse(renewTime) > staleMs
    ? failed(`Nobody leads: ${holderIdentity} renewed the Lease ${renewed}`, log)
    : ok(`${holderIdentity} leads and renewed its Lease ${renewed}`);
}
