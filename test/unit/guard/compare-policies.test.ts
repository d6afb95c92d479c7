import { describe, expect, it } from 'vitest';
import { comparePolicies, type LivePolicy, type ShippedPolicy } from '../../../src/guard/compare-policies.ts';
import { SHIPPED } from '../../../src/guard/shipped.generated.ts';

const POLICY: ShippedPolicy = {
  kind: 'ValidatingAdmissionPolicy',
  name: 'volumes.moleculesai.app',
  spec: {
    failurePolicy: 'Fail',
    matchConstraints: {
      resourceRules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'], resources: ['persistentvolumeclaims'] },
      ],
    },
    matchConditions: [{ name: 'ours', expression: 'true' }],
    validations: [{ expression: 'false', reason: 'Forbidden', message: 'No' }],
  },
};
const BINDING: ShippedPolicy = {
  kind: 'ValidatingAdmissionPolicyBinding',
  name: 'volumes.moleculesai.app',
  spec: {
    policyName: 'volumes.moleculesai.app',
    validationActions: ['Deny'],
    paramRef: { name: 'org', parameterNotFoundAction: 'Allow' },
  },
};

type Change = readonly [path: string, value: unknown];

/** As the apiserver serves it: what is left out is filled in. Then changed at one place; `undefined` takes it out. */
function live(shipped: ShippedPolicy, ...changes: readonly Change[]): LivePolicy {
  const { kind, name, spec } = shipped;
  const filled = 'matchConstraints' in spec ? FILLED_IN : [];
  const served = [...filled, ...changes].reduce<unknown>(
    (whole, [path, value]) => put(whole, path.split('.'), value),
    spec,
  );
  return { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name }, spec: served };
}

const FILLED_IN: readonly Change[] = [
  ['matchConstraints.matchPolicy', 'Equivalent'],
  ['matchConstraints.namespaceSelector', {}],
  ['matchConstraints.objectSelector', {}],
  ['matchConstraints.resourceRules.0.scope', '*'],
];

/** A copy with one member changed. */
function put(whole: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const entries = Object.entries(whole ?? {});
  const member = rest.length === 0 ? value : put(new Map(entries).get(key), rest, value);
  const next = [...new Map([...entries, [key, member] as const])].filter(([, kept]) => kept !== undefined);
  return Array.isArray(whole) ? next.map(([, kept]) => kept) : Object.fromEntries(next);
}

const INSTALL = ': install this release again: kubectl apply --server-side -f manifests/install.yaml';

describe('a policy as it was shipped', () => {
  it('is closed, with everything that the apiserver fills in', () => {
    expect(comparePolicies([POLICY, BINDING], [live(POLICY), live(BINDING)])).toEqual([]);
  });

  it('is closed beside policies of other people', () => {
    const foreign = { ...live(POLICY), metadata: { name: 'example.com' } };
    expect(comparePolicies([POLICY], [foreign, live(POLICY)])).toEqual([]);
  });
});

describe('a policy that is missing', () => {
  it.each<[string, readonly LivePolicy[], string]>([
    ['alone', [live(BINDING)], `Missing are ValidatingAdmissionPolicy volumes.moleculesai.app${INSTALL}`],
    ['its binding', [live(POLICY)], `Missing are ValidatingAdmissionPolicyBinding volumes.moleculesai.app${INSTALL}`],
    [
      'with its binding',
      [],
      `Missing are ValidatingAdmissionPolicy volumes.moleculesai.app, ValidatingAdmissionPolicyBinding volumes.moleculesai.app${INSTALL}`,
    ],
  ])('%s is open', (_name, found, route) => {
    expect(comparePolicies([POLICY, BINDING], found)).toEqual([route]);
  });

  it('is named with few others, however many are missing', () => {
    const [route = '', ...others] = comparePolicies(SHIPPED, []);
    expect(others).toEqual([]);
    expect(route.length).toBeLessThan(600);
    expect(route).toContain(`and ${SHIPPED.length - 5} more`);
  });
});

const SELECTOR = { matchLabels: { guarded: 'yes' } };
const RULE = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] };

describe('a policy that was changed', () => {
  it.each<[string, string, unknown]>([
    ['fails open', 'failurePolicy', 'Ignore'],
    ['fails by default', 'failurePolicy', undefined],
    ['has no rules', 'matchConstraints.resourceRules', []],
    ['is asked about fewer operations', 'matchConstraints.resourceRules.0.operations', ['CREATE']],
    ['is asked about other resources', 'matchConstraints.resourceRules.0.resources', ['pods']],
    ['is asked about cluster-scoped objects only', 'matchConstraints.resourceRules.0.scope', 'Cluster'],
    ['is asked about named objects only', 'matchConstraints.resourceRules.0.resourceNames', ['x']],
    ['leaves resources out', 'matchConstraints.excludeResourceRules', [RULE]],
    ['looks at one version only', 'matchConstraints.matchPolicy', 'Exact'],
    ['looks at some namespaces only', 'matchConstraints.namespaceSelector', SELECTOR],
    ['looks at some objects only', 'matchConstraints.objectSelector', SELECTOR],
    ['has another condition', 'matchConditions.0.expression', 'false'],
    ['has one condition more', 'matchConditions.1', { name: 'never', expression: 'false' }],
    ['forbids nothing', 'validations.0.expression', 'true'],
    ['has no validations', 'validations', []],
    ['takes parameters', 'paramKind', { apiVersion: 'v1', kind: 'ConfigMap' }],
    ['has a variable', 'variables', [{ name: 'x', expression: 'true' }]],
    ['has a member that nobody knows yet', 'enforcement', 'Sometimes'],
  ])('is open where it %s', (_name, path, value) => {
    const at = path.replaceAll(/\.(\d+)/g, '[$1]');
    const [route = ''] = comparePolicies([POLICY], [live(POLICY, [path, value])]);
    expect(route).toMatch(/^ValidatingAdmissionPolicy volumes\.moleculesai\.app was changed at spec\./);
    const told = route.split(' at ')[1]?.split(':')[0] ?? '?';
    expect(told.startsWith(`spec.${at}`) || `spec.${at}`.startsWith(told)).toBe(true);
    expect(route.endsWith(`: delete it, because an apply leaves in what others added, and${INSTALL.slice(1)}`)).toBe(
      true,
    );
  });

  it.each<[string, string, unknown]>([
    ['only warns', 'validationActions', ['Warn']],
    ['only audits', 'validationActions', ['Audit']],
    ['does nothing', 'validationActions', []],
    ['audits besides', 'validationActions', ['Deny', 'Audit']],
    ['belongs to another policy', 'policyName', 'other'],
    ['reads another parameter', 'paramRef.name', 'other'],
    ['reads parameters elsewhere', 'paramRef.namespace', 'default'],
    ['reads some parameters only', 'paramRef.selector', SELECTOR],
    ['looks at some namespaces only', 'matchResources', { namespaceSelector: SELECTOR }],
    ['leaves resources out', 'matchResources', { excludeResourceRules: [RULE] }],
  ])('is open where its binding %s', (_name, path, value) => {
    const [route = ''] = comparePolicies([BINDING], [live(BINDING, [path, value])]);
    expect(route).toMatch(/^ValidatingAdmissionPolicyBinding volumes\.moleculesai\.app was changed at spec\./);
  });
});

describe('what this release ships', () => {
  it('binds every policy', () => {
    const namesOf = (kind: string) => SHIPPED.filter((shipped) => shipped.kind === kind).map(({ name }) => name);
    expect(namesOf('ValidatingAdmissionPolicy')).toContain('approval-finalizer.moleculesai.app');
    expect(namesOf('ValidatingAdmissionPolicyBinding')).toEqual(namesOf('ValidatingAdmissionPolicy'));
  });
});
