import type { RunResult } from '../../lib/run.ts';
import type { Attempt } from '../attempt.ts';
import type { Scene } from '../scene.ts';

const CRDS = ['orgs', 'workspaces', 'templateassets', 'approvalrequests'].map((plural) => `${plural}.moleculesai.app`);
const [ORGS_CRD, WORKSPACES_CRD] = CRDS;

/** A PUT on the subresource that ends a namespace, or a PATCH of it, whatever is still inside. */
async function finalize({ run, tenant }: Scene): Promise<RunResult> {
  const { stdout } = await run(['get', 'namespace', tenant.namespace, '-o', 'json']);
  const namespace = { ...JSON.parse(stdout), spec: { finalizers: [] } };
  return run(['replace', '--raw', `/api/v1/namespaces/${tenant.namespace}/finalize`, '-f', '-'], namespace);
}

const onNamespace = (
  attempt: string,
  run: Attempt['run'],
  rest: Partial<Pick<Attempt, 'identity' | 'expected'>> = {},
): Attempt => ({ route: 'namespace', attempt, identity: 'admin', expected: 'refused by policy', run, ...rest });

/** What goes with everything in it. */
export const NAMESPACE: readonly Attempt[] = [
  onNamespace('kubectl delete of the namespace', ({ run, tenant }) =>
    run(['delete', 'namespace', tenant.namespace, '--wait=false']),
  ),
  onNamespace('forced deletion of the namespace without grace', ({ run, tenant }) =>
    run(['delete', 'namespace', tenant.namespace, '--force', '--grace-period=0', '--wait=false']),
  ),
  onNamespace('foreground deletion of the namespace', ({ run, tenant }) =>
    run(['delete', 'namespace', tenant.namespace, '--cascade=foreground', '--wait=false']),
  ),
  onNamespace('the labels of the namespace are taken off, then it is deleted', async ({ run, tenant }) => {
    await run(['patch', 'namespace', tenant.namespace, '--type=merge', '-p', '{"metadata":{"labels":null}}']);
    return run(['delete', 'namespace', tenant.namespace, '--wait=false']);
  }),
  onNamespace('the finalizers of the namespace itself are taken off', finalize),
  onNamespace(
    'deletion of the namespace by an editor',
    ({ run, tenant }) => run(['delete', 'namespace', tenant.namespace, '--wait=false']),
    { identity: 'editor', expected: 'refused by rights' },
  ),
  onNamespace(
    'deletion of the namespace by an agent that may edit',
    ({ run, tenant }) => run(['delete', 'namespace', tenant.namespace, '--wait=false']),
    { identity: 'agent', expected: 'refused by rights' },
  ),
];

const onKind = (
  attempt: string,
  args: readonly string[],
  rest: Partial<Pick<Attempt, 'identity' | 'expected'>> = {},
): Attempt => ({
  route: 'crd',
  attempt,
  identity: 'admin',
  expected: 'refused by policy',
  run: ({ run }) => run(args),
  ...rest,
});

/** Deleting a kind deletes its objects past every admission. */
export const CRD: readonly Attempt[] = [
  ...CRDS.map((name) => onKind(`kubectl delete of the CRD ${name}`, ['delete', 'crd', name, '--wait=false'])),
  onKind('foreground deletion of a CRD', [
    'delete',
    'crd',
    `${WORKSPACES_CRD}`,
    '--cascade=foreground',
    '--wait=false',
  ]),
  onKind('deletecollection of CRDs by the label of ours', [
    'delete',
    '--raw',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?labelSelector=app.kubernetes.io/name%3Dmolecule-operator',
  ]),
  onKind('forced deletion of a CRD', ['delete', 'crd', `${ORGS_CRD}`, '--force', '--grace-period=0', '--wait=false']),
  onKind('deletion of a CRD by an editor', ['delete', 'crd', `${WORKSPACES_CRD}`, '--wait=false'], {
    identity: 'editor',
    expected: 'refused by rights',
  }),
];
