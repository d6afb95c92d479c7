import { OPERATOR_NAME, OPERATOR_NAMESPACE } from '../../apis/v1alpha1/names.ts';
import type { KubeObject, Resource } from '../../kube/objects.ts';
import { age } from '../age.ts';
import { type Lease, leadershipOf, readLease } from '../operator-lease.ts';
import { type Found, find } from '../read-object.ts';
import { failed, forbidden, ok, type Problem, warning } from './finding.ts';
import type { DoctorSource } from './source.ts';

const DEPLOYMENTS: Resource = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};

export interface Deployment extends KubeObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

export interface OperatorFacts {
  readonly deployment: Found<Deployment>;
  readonly lease: Found<Lease>;
  readonly now: Date;
}

export async function readOperator({ client, now, signal }: DoctorSource): Promise<OperatorFacts> {
  const key = { namespace: OPERATOR_NAMESPACE, name: OPERATOR_NAME };
  const [deployment, lease] = await Promise.all([
    find(client.get<Deployment>(DEPLOYMENTS, key, { signal })),
    readLease(client, signal),
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
  const deployment = `-n ${OPERATOR_NAMESPACE} deployment ${OPERATOR_NAME}`;
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
  const log = `kubectl logs -n ${OPERATOR_NAMESPACE} deployment/${OPERATOR_NAME}`;
  const leadership = lease.kind === 'found' ? leadershipOf(lease.value, now) : ({ kind: 'free' } as const);
  if (leadership.kind === 'free') return failed('Nobody leads: the Lease is not held, so nothing is reconciled', log);
  const renewed = `${age(leadership.renewedAt, now)} ago by this machine's clock`;
  return leadership.kind === 'stale'
    ? failed(`Nobody leads: ${leadership.holder} renewed the Lease ${renewed}`, log)
    : ok(`${leadership.holder} leads and renewed its Lease ${renewed}`);
}
