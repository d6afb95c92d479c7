import { OPERATOR_NAMESPACE, OPERATOR_USER } from '../../apis/v1alpha1/names.ts';
import { isRetryable } from '../../kube/errors.ts';
import type { KubeObject, Resource } from '../../kube/objects.ts';
import { FIELD_MANAGER } from '../connect.ts';
import { type Found, find } from '../read-object.ts';
import { counted } from '../text.ts';
import { INSTALL, NO_MANIFEST } from './crds.ts';
import { failed, forbidden, orOk, type Problem, warning } from './finding.ts';
import type { Right } from './manifest.ts';
import type { DoctorSource } from './source.ts';

interface Review extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly allowed?: boolean };
}

export interface Answer {
  readonly right: Right;
  readonly isAllowed: boolean;
}

const GROUPS = ['system:serviceaccounts', `system:serviceaccounts:${OPERATOR_NAMESPACE}`, 'system:authenticated'];

/** Whether the operator's account has the rights that this release gives it. */
export async function readOperatorRights(source: DoctorSource): Promise<Found<readonly Answer[]> | undefined> {
  if (source.manifest === undefined) return undefined;
  const ask = (right: Right): Promise<Answer> =>
    review(source, { kind: 'SubjectAccessReview', right, spec: { user: OPERATOR_USER, groups: GROUPS } });
  return find(Promise.all(source.manifest.rights.map(ask)));
}

export function judgeOperatorRights(answers: Found<readonly Answer[]> | undefined): readonly Problem[] {
  if (answers === undefined) return [NO_MANIFEST];
  if (answers.kind !== 'found') return [forbidden(answers.kind === 'unreadable' ? answers.message : 'nobody answers')];
  const missing = answers.value.filter(({ isAllowed }) => !isAllowed).map(({ right }) => describe(right));
  const problems =
    missing.length === 0
      ? []
      : [
          failed(
            `The operator lacks ${missing.length} of ${counted(answers.value.length, 'right')}: ${missing.join(', ')}`,
            INSTALL,
          ),
        ];
  return orOk(problems, `The operator has what it needs (${counted(answers.value.length, 'right')})`);
}

/** What each command needs of whoever runs it. */
const OWN_RIGHTS: readonly { readonly command: string; readonly right: Omit<Right, 'namespace'> }[] = [
  ...['orgs', 'workspaces', 'templateassets'].map((resource) => ({
    command: 'tree and status',
    right: { group: 'moleculesai.app', resource, verb: 'list' },
  })),
  { command: 'status', right: { group: '', resource: 'pods', verb: 'get' } },
  { command: 'status', right: { group: '', resource: 'persistentvolumeclaims', verb: 'get' } },
  { command: 'status', right: { group: 'events.k8s.io', resource: 'events', verb: 'list' } },
  { command: 'approvals', right: { group: 'moleculesai.app', resource: 'approvalrequests', verb: 'list' } },
  { command: 'delete', right: { group: 'moleculesai.app', resource: 'approvalrequests', verb: 'create' } },
  { command: 'sync', right: { group: 'moleculesai.app', resource: 'workspaces', verb: 'patch' } },
  { command: 'rollback', right: { group: 'moleculesai.app', resource: 'templateassets', verb: 'patch' } },
  ...['create', 'list', 'watch', 'delete'].map((verb) => ({
    command: 'assets --diff',
    right: { group: '', resource: 'pods', verb },
  })),
  { command: 'assets --diff', right: { group: '', resource: 'pods', subresource: 'log', verb: 'get' } },
  { command: 'assets for the card', right: { group: '', resource: 'pods', subresource: 'proxy', verb: 'get' } },
];

/** Whether whoever runs this may use the other commands. Everybody may ask that. */
export async function readOwnRights(source: DoctorSource): Promise<readonly Answer[]> {
  const namespace = source.namespace ?? source.ownNamespace;
  const ask = (right: Right): Promise<Answer> =>
    review(source, { kind: 'SelfSubjectAccessReview', right: { ...right, namespace }, spec: {} });
  return Promise.all(OWN_RIGHTS.map(({ right }) => ask(right)));
}

export function judgeOwnRights(answers: readonly Answer[]): readonly Problem[] {
  const missing = answers.flatMap(({ isAllowed }, index) => (isAllowed ? [] : (OWN_RIGHTS[index] ?? [])));
  const namespace = answers[0]?.right.namespace ?? '';
  const problems = missing.map(({ command, right }) =>
    warning(
      `You may not ${describe(right)} in namespace "${namespace}", which kubectl molecule ${command} needs`,
      'Ask for the role view (tree, status, approvals) or edit (sync, delete, assets, rollback) in this namespace',
    ),
  );
  return orOk(
    problems,
    `You may do everything in namespace "${namespace}" that tree, status, approvals, sync, delete, assets and rollback need`,
  );
}

interface Question {
  readonly kind: 'SubjectAccessReview' | 'SelfSubjectAccessReview';
  readonly right: Right;
  readonly spec: object;
}

async function review({ client, signal }: DoctorSource, { kind, right, spec }: Question): Promise<Answer> {
  const resource: Resource = {
    group: 'authorization.k8s.io',
    version: 'v1',
    plural: `${kind.toLowerCase()}s`,
    kind,
    namespaced: false,
  };
  const body: Review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind,
    // A review is answered and never stored; it has no name.
    metadata: { name: '' },
    spec: { ...spec, resourceAttributes: right },
  };
  const ask = (): Promise<Review> => client.create(resource, body, { fieldManager: FIELD_MANAGER, signal });
  // It changes nothing, so one whose answer was lost is asked again; the client repeats no POST by itself.
  const answer = await ask().catch((error: unknown) => {
    if (!isRetryable(error)) throw error;
    return ask();
  });
  return { right, isAllowed: answer.status?.allowed === true };
}

function describe({ verb, resource, subresource, group, namespace, name }: Right): string {
  const path = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where = namespace === OPERATOR_NAMESPACE ? ` in ${namespace}` : '';
  return `${verb} ${path}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` "${name}"`}${where}`;
}
