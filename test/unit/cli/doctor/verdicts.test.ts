import { describe, expect, it } from 'vitest';
import { judgeVersion } from '../../../../src/cli/doctor/apiserver.ts';
import { judgeCRDs, type LiveCRD } from '../../../../src/cli/doctor/crds.ts';
import type { Problem } from '../../../../src/cli/doctor/finding.ts';
import { judgeLedger } from '../../../../src/cli/doctor/ledger.ts';
import type { Manifested, Right } from '../../../../src/cli/doctor/manifest.ts';
import { judgeNodes, type NodeFeatures } from '../../../../src/cli/doctor/nodes.ts';
import { judgeOperator, type OperatorFacts } from '../../../../src/cli/doctor/operator.ts';
import { judgePodSecurity } from '../../../../src/cli/doctor/pod-security.ts';
import { judgePolicies } from '../../../../src/cli/doctor/policies.ts';
import { judgeOperatorRights, judgeOwnRights } from '../../../../src/cli/doctor/rights.ts';
import { judgeStorageClasses } from '../../../../src/cli/doctor/storage.ts';
import { judgeTemplates } from '../../../../src/cli/doctor/templates.ts';
import type { Found } from '../../../../src/cli/read-object.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { condition, notReady, org, templateAsset, workspace } from '../objects.ts';

function found<T>(value: T): Found<T> {
  return { kind: 'found', value };
}

const MISSING = { kind: 'missing' } as const;
const FORBIDDEN = { kind: 'unreadable', message: 'User "eve" cannot get it' } as const;
const NOW = new Date('2026-11-21T07:05:00Z');

/** Verdicts and messages, without what to do; that there is something to do whenever it is not fine is checked on the way. */
function told(problems: readonly Problem[]): readonly string[] {
  for (const { verdict, todo } of problems) expect(todo === null).toBe(verdict === 'ok');
  return problems.map(({ verdict, message }) => `${verdict}: ${message}`);
}

function object(kind: string, name: string, rest: object = {}, metadata: object = {}): KubeObject & Manifested {
  return { apiVersion: 'v1', kind, metadata: { name, ...metadata }, ...rest };
}

describe('the apiserver', () => {
  it.each([
    ['v1.29.4', 'failed: Kubernetes v1.29.4 has no validating admission policies'],
    [
      'v1.35.0',
      'warning: Kubernetes v1.35.0 has no mutating admission policies, so a new object is unguarded for a moment',
    ],
    ['v1.36.3', 'ok: Kubernetes v1.36.3'],
    ['v2.0.0', 'ok: Kubernetes v2.0.0'],
  ])('of version %s', (gitVersion, expected) => {
    const [major = 0, minor = 0] = gitVersion.slice(1).split('.').map(Number);
    expect(told(judgeVersion({ major, minor, gitVersion }))).toEqual([expected]);
  });
});

describe('the CRDs', () => {
  const versions = [{ name: 'v1alpha1', served: true, storage: true }];
  const wanted = object('CustomResourceDefinition', 'orgs.moleculesai.app', { spec: { versions } });
  const live = (changes: Partial<LiveCRD>): Found<LiveCRD> =>
    found({
      ...wanted,
      spec: { versions },
      status: { conditions: [{ type: 'Established', status: 'True' }] },
      ...changes,
    });

  it.each<[string, Found<LiveCRD>, string]>([
    ['are fine', live({}), 'ok: 1 CRD established and of this release'],
    ['are missing', MISSING, 'failed: orgs.moleculesai.app is not installed'],
    ['are not established', live({ status: {} }), 'failed: orgs.moleculesai.app is not established'],
    [
      'are not stored in this version',
      live({ spec: { versions: [{ name: 'v1alpha1', served: true, storage: false }] } }),
      'failed: orgs.moleculesai.app does not serve and store v1alpha1',
    ],
    ['may not be read', FORBIDDEN, 'unknown: May not be looked at: User "eve" cannot get it'],
  ])('%s', (_name, crd, expected) => {
    expect(told(judgeCRDs([{ wanted, found: crd }]))).toEqual([expected]);
  });

  it('are of another release', () => {
    const newer = object('CustomResourceDefinition', 'orgs.moleculesai.app', {
      spec: { versions, scope: 'Namespaced' },
    });
    expect(told(judgeCRDs([{ wanted: newer, found: live({}) }]))).toEqual([
      'warning: orgs.moleculesai.app is of another release: it differs at spec.scope',
    ]);
  });

  it('cannot be compared by a program that was copied out of its package', () => {
    expect(told(judgeCRDs(undefined))[0]).toMatch(/^unknown: There is nothing to compare with/);
    expect(told(judgePolicies(undefined))[0]).toMatch(/^unknown: /);
    expect(told(judgeOperatorRights(undefined))[0]).toMatch(/^unknown: /);
  });
});

describe('the policies', () => {
  const validating = object('ValidatingAdmissionPolicy', 'guard', { spec: { failurePolicy: 'Fail' } });
  const mutating = object('MutatingAdmissionPolicyBinding', 'stamp', { spec: { policyName: 'stamp' } });
  const judge = (
    hasMutatingPolicies: boolean,
    first: Found<Manifested>,
    second: Found<Manifested>,
  ): readonly string[] =>
    told(
      judgePolicies({
        hasMutatingPolicies,
        policies: [
          { wanted: validating, found: first },
          { wanted: mutating, found: second },
        ],
      }),
    );

  it.each<[string, readonly string[], readonly string[]]>([
    [
      'are fine',
      judge(true, found(validating), found(mutating)),
      ['ok: 2 objects of admission policies installed and of this release'],
    ],
    [
      'are fine without mutating ones where the cluster has none',
      judge(false, found(validating), MISSING),
      ['ok: 1 object of admission policies installed and of this release'],
    ],
    [
      'are missing',
      judge(true, MISSING, MISSING),
      [
        'failed: What they forbid is possible, for lack of: ValidatingAdmissionPolicy guard',
        'warning: A new object is unguarded for a moment, for lack of: MutatingAdmissionPolicyBinding stamp',
      ],
    ],
    [
      'were changed',
      judge(true, found({ ...validating, spec: { failurePolicy: 'Ignore' } }), found(mutating)),
      ['failed: ValidatingAdmissionPolicy guard is of another release: it differs at spec.failurePolicy'],
    ],
    ['may not be read', judge(true, FORBIDDEN, MISSING), ['unknown: May not be looked at: User "eve" cannot get it']],
  ])('%s', (_name, actual, expected) => {
    expect(actual).toEqual(expected);
  });
});

describe('rights', () => {
  const create: Right = { group: '', resource: 'pods', verb: 'create' };
  const renew: Right = {
    namespace: 'molecule-system',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verb: 'patch',
    name: 'l',
  };

  it('of the operator are there, lack, or may not be asked for', () => {
    expect(told(judgeOperatorRights(found([{ right: create, isAllowed: true }])))).toEqual([
      'ok: The operator has what it needs (1 right)',
    ]);
    expect(
      told(
        judgeOperatorRights(
          found([
            { right: create, isAllowed: false },
            { right: renew, isAllowed: false },
          ]),
        ),
      ),
    ).toEqual([
      'failed: The operator lacks 2 of 2 rights: create pods, patch leases.coordination.k8s.io "l" in molecule-system',
    ]);
    expect(told(judgeOperatorRights(FORBIDDEN))).toEqual(['unknown: May not be looked at: User "eve" cannot get it']);
  });

  it('of the caller that lack are told with the command that needs them', () => {
    const right: Right = { namespace: 'acme', group: 'moleculesai.app', resource: 'orgs', verb: 'list' };
    expect(told(judgeOwnRights([{ right, isAllowed: false }]))).toEqual([
      'warning: You may not list orgs.moleculesai.app in namespace "acme", which kubectl molecule tree and status needs',
    ]);
    expect(told(judgeOwnRights([{ right, isAllowed: true }]))).toEqual([
      'ok: You may do everything in namespace "acme" that tree, status, approvals, sync, delete, assets and rollback need',
    ]);
  });
});

describe('the operator', () => {
  const deployment = (status: 'True' | 'False'): OperatorFacts['deployment'] =>
    found({
      ...object('Deployment', 'molecule-operator'),
      spec: { replicas: 2 },
      status: { readyReplicas: status === 'True' ? 2 : 0, conditions: [{ type: 'Available', status }] },
    });
  const lease = (renewTime: string, holderIdentity = 'pod-1'): OperatorFacts['lease'] =>
    found({ ...object('Lease', 'molecule-operator'), spec: { holderIdentity, renewTime, leaseDurationSeconds: 30 } });
  const fresh = lease('2026-11-21T07:04:50.000000Z');

  it.each<[string, Omit<OperatorFacts, 'now'>, readonly string[]]>([
    [
      'works',
      { deployment: deployment('True'), lease: fresh },
      [
        'ok: The operator is available: 2 of 2 replicas are ready',
        "ok: pod-1 leads and renewed its Lease 10s ago by this machine's clock",
      ],
    ],
    [
      'is not available, and its Lease is stale',
      { deployment: deployment('False'), lease: lease('2026-11-21T07:03:50.000000Z') },
      [
        'failed: The operator is not available: 0 of 2 replicas are ready',
        "failed: Nobody leads: pod-1 renewed the Lease 70s ago by this machine's clock",
      ],
    ],
    [
      'gave its Lease back',
      { deployment: deployment('True'), lease: lease('2026-11-21T07:04:50.000000Z', '') },
      [
        'ok: The operator is available: 2 of 2 replicas are ready',
        'failed: Nobody leads: the Lease is not held, so nothing is reconciled',
      ],
    ],
    [
      'runs alone',
      { deployment: deployment('True'), lease: MISSING },
      [
        'ok: The operator is available: 2 of 2 replicas are ready',
        'ok: There is no Lease: it runs alone, without leader election',
      ],
    ],
    [
      'runs outside of the cluster',
      { deployment: MISSING, lease: fresh },
      [
        'warning: The operator runs outside of this cluster',
        "ok: pod-1 leads and renewed its Lease 10s ago by this machine's clock",
      ],
    ],
    ['is not there', { deployment: MISSING, lease: MISSING }, ['failed: The operator is not installed']],
    [
      'may not be looked at',
      { deployment: FORBIDDEN, lease: FORBIDDEN },
      [
        'unknown: May not be looked at: User "eve" cannot get it',
        'unknown: May not be looked at: User "eve" cannot get it',
      ],
    ],
  ])('%s', (_name, facts, expected) => {
    expect(told(judgeOperator({ ...facts, now: NOW }))).toEqual(expected);
  });
});

describe('the ledger', () => {
  const going = { metadata: { deletionTimestamp: '2026-11-21T07:00:00Z' } };
  const waiting = workspace('writer', {
    ...going,
    status: notReady('AgentReady', { reason: 'LedgerUnavailable', message: 'x' }),
  });
  const held = workspace('reader', {
    ...going,
    status: {
      observedGeneration: 1,
      conditions: [
        condition('Ready', 'True', { reason: 'WorkspaceReady' }),
        condition('ApprovalPending', 'True', { reason: 'LedgerFrozen' }),
      ],
    },
  });
  const ending = workspace('editor', {
    ...going,
    status: notReady('AgentReady', { reason: 'Terminating', message: 'It says ledger' }),
  });

  it.each<[string, Parameters<typeof judgeLedger>[0], readonly string[]]>([
    [
      'is known',
      { secret: found({}), objects: found([org('acme')]) },
      ['ok: Secret molecule-ledger tells the operator where the ledger is'],
    ],
    [
      'is waited for by deletions alone',
      {
        secret: found({}),
        objects: found([waiting, held, ending]),
      },
      [
        'ok: Secret molecule-ledger tells the operator where the ledger is',
        'failed: Deletions wait for the ledger: Workspace acme/reader, Workspace acme/writer',
      ],
    ],
    [
      'is not known',
      { secret: MISSING, objects: found([]) },
      [
        'warning: Secret molecule-ledger is missing, so nothing is deleted unless the operator is told of a ledger in another way',
      ],
    ],
    [
      'may not be asked about',
      { secret: FORBIDDEN, objects: FORBIDDEN },
      [
        'unknown: May not be looked at: User "eve" cannot get it',
        'unknown: May not be looked at: User "eve" cannot get it',
      ],
    ],
  ])('%s', (_name, facts, expected) => {
    expect(told(judgeLedger(facts))).toEqual(expected);
  });
});

describe('the nodes', () => {
  const node = (name: string, ...declaredFeatures: string[]): NodeFeatures => ({
    ...object('Node', name),
    status: { declaredFeatures },
  });
  const feature = 'RestartAllContainersOnContainerExits';

  it.each<[string, Found<readonly NodeFeatures[]>, string]>([
    [
      'can all heal in place',
      found([node('a', feature)]),
      "ok: Every node can restart a Pod's containers together (1 node)",
    ],
    [
      'are mixed',
      found([node('a', feature), node('b', 'Other'), node('c')]),
      "warning: 2 of 3 nodes cannot restart a Pod's containers together (b, c), so an agent that ends gets a new Pod",
    ],
    [
      'are many',
      found(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => node(name))),
      "warning: 6 of 6 nodes cannot restart a Pod's containers together (a, b, c, d, e, …), so an agent that ends gets a new Pod",
    ],
    ['are none', found([]), 'failed: There is no node, so no agent can run'],
    ['may not be read', FORBIDDEN, 'unknown: May not be looked at: User "eve" cannot get it'],
  ])('%s', (_name, nodes, expected) => {
    expect(told(judgeNodes(nodes))).toEqual([expected]);
  });
});

describe('the StorageClasses', () => {
  const annotated = object(
    'StorageClass',
    'fast',
    {},
    { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  );

  it.each<[string, Found<readonly KubeObject[]>, string]>([
    ['have a default', found([object('StorageClass', 'slow'), annotated]), 'ok: StorageClass fast is the default'],
    [
      'have none',
      found([object('StorageClass', 'slow')]),
      'warning: No StorageClass is the default, so the volume of an agent that names none is never bound',
    ],
    ['may not be read', FORBIDDEN, 'unknown: May not be looked at: User "eve" cannot get it'],
  ])('%s', (_name, classes, expected) => {
    expect(told(judgeStorageClasses(classes))).toEqual([expected]);
  });
});

describe('the namespaces of Orgs', () => {
  it('are told when they enforce nothing', () => {
    const enforce = (level: string) => ({ labels: { 'pod-security.kubernetes.io/enforce': level } });
    const namespaces = [
      object('Namespace', 'zoo', {}, enforce('privileged')),
      object('Namespace', 'acme'),
      object('Namespace', 'safe', {}, enforce('restricted')),
      object('Namespace', 'base', {}, enforce('baseline')),
    ];
    expect(told(judgePodSecurity(found(namespaces)))).toEqual([
      'warning: Namespace "acme" lets anybody who may create Pods there run privileged ones beside the agents',
      'warning: Namespace "zoo" lets anybody who may create Pods there run privileged ones beside the agents',
    ]);
    expect(told(judgePodSecurity(found(namespaces.slice(2))))).toEqual([
      'ok: Pod security is enforced where there is an Org (2 namespaces)',
    ]);
    expect(told(judgePodSecurity(FORBIDDEN))).toEqual(['unknown: May not be looked at: User "eve" cannot get it']);
  });
});

describe('the TemplateAssets', () => {
  const failing = notReady('ArtifactReady', { reason: 'FetchFailed', message: 'no route' });

  it('fail without files, and warn where an earlier revision stays in use', () => {
    const assets = [
      templateAsset('good', {
        status: { conditions: [condition('ArtifactReady', 'True', { reason: 'ArtifactStored' })] },
      }),
      templateAsset('late', { status: failing }),
      { ...templateAsset('bad'), status: failing },
      { ...templateAsset('new'), status: {} },
    ];
    expect(told(judgeTemplates(found(assets)))).toEqual([
      'warning: TemplateAsset acme/late: FetchFailed: no route',
      'failed: TemplateAsset acme/bad: FetchFailed: no route',
      'failed: TemplateAsset acme/new: the operator has not seen it',
    ]);
    expect(told(judgeTemplates(found(assets.slice(0, 1))))).toEqual(['ok: 1 TemplateAsset with files to deliver']);
    expect(told(judgeTemplates(FORBIDDEN))).toEqual(['unknown: May not be looked at: User "eve" cannot get it']);
  });
});
