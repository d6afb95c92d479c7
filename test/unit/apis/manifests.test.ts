import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { CHECKOUT_DIR } from '../../../hack/lib/paths.ts';
import { WEBHOOK_SECRET } from '../../../src/admission/certificate-keeper.ts';
import { targetOf, WEBHOOK_NAME, WEBHOOK_SERVICE } from '../../../src/admission/webhook-configuration.ts';
import {
  APPROVAL_FINALIZER,
  GROUP,
  LABELS,
  MANAGED_BY,
  OPERATOR_NAME,
  OPERATOR_NAMESPACE,
  OPERATOR_SERVICE_ACCOUNT,
  OPERATOR_USER,
} from '../../../src/apis/v1alpha1/names.ts';
import { CLUSTER_RIGHTS, DEFINITIONS, GUARDS, MACHINERY } from '../../../src/cli/uninstall/kinds.ts';
import { PROBE_ACCOUNT, PROBE_KEY } from '../../../src/guard/probes.ts';

/** What is looked at here, of objects of many kinds. */
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: object };
  readonly rules?: readonly Rule[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly name: string }[];
  readonly webhooks?: readonly object[];
  readonly spec: {
    readonly failurePolicy?: string;
    readonly policyName?: string;
    readonly validationActions?: readonly string[];
    readonly validations?: readonly {
      readonly expression: string;
      readonly reason: string;
      readonly message: string;
    }[];
    readonly ingress?: readonly {
      readonly from: readonly { readonly podSelector?: { readonly matchLabels: object } }[];
    }[];
    readonly egress?: readonly { readonly to?: readonly object[] }[];
    readonly selector?: object;
    readonly template?: { readonly spec: PodSpec };
  };
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: object;
  readonly containers: readonly {
    readonly image: string;
    readonly args: readonly string[];
    readonly env: readonly object[];
    readonly securityContext: object;
  }[];
  readonly volumes: readonly { readonly projected?: { readonly sources: readonly object[] } }[];
}

const installed: readonly Manifest[] = parseAllDocuments(
  readFileSync(join(CHECKOUT_DIR, 'manifests/install.yaml'), 'utf8'),
).map((document) => document.toJS());

function find(kind: string, name: string): Manifest {
  const found = installed.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`install.yaml has no ${kind} ${name}`);
  return found;
}

/** Of every policy that refuses; one that only warns is bound with another action. */
const refusals = installed
  .filter(({ spec }) => spec?.validationActions?.includes('Deny'))
  .flatMap(({ spec }) => find('ValidatingAdmissionPolicy', spec.policyName ?? '').spec.validations ?? []);

const rules = installed.flatMap((object) => object.rules ?? []);

describe('what is installed', () => {
  it('knows the operator by the name that the code has', () => {
    expect(find('ServiceAccount', OPERATOR_SERVICE_ACCOUNT).metadata.namespace).toBe(OPERATOR_NAMESPACE);
    for (const name of ['platform-agent.moleculesai.app', 'approval-finalizer.moleculesai.app']) {
      expect(find('ValidatingAdmissionPolicy', name).spec.validations?.[0]?.expression).toBe(
        `request.userInfo.username == '${OPERATOR_USER}'`,
      );
    }
  });

  it('knows the finalizer by the name that the code has', () => {
    const { spec } = find('MutatingAdmissionPolicy', 'approval-finalizer.moleculesai.app');
    expect(JSON.stringify(spec).match(/moleculesai\.app\/[a-z]+/g)).toEqual([
      APPROVAL_FINALIZER,
      APPROVAL_FINALIZER,
      APPROVAL_FINALIZER,
    ]);
    expect(JSON.stringify(find('ValidatingAdmissionPolicy', 'approval-finalizer.moleculesai.app').spec)).toContain(
      `'${APPROVAL_FINALIZER}' in oldObject`,
    );
  });

  it('lets agents reach the asset server by the label that the code puts on their Pods', () => {
    const [fromAgents] = find('NetworkPolicy', 'molecule-operator').spec.ingress ?? [];
    expect(fromAgents?.from[0]?.podSelector?.matchLabels).toEqual({ 'app.kubernetes.io/managed-by': MANAGED_BY });
  });

  it('lets the operator reach what serves artifacts of Flux, and nothing else there', () => {
    const { egress = [] } = find('NetworkPolicy', 'molecule-operator').spec;
    expect(egress.filter(({ to }) => to !== undefined)).toEqual([
      {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'flux-system' } },
            podSelector: {
              matchExpressions: [{ key: 'app', operator: 'In', values: ['source-controller', 'source-watcher'] }],
            },
          },
        ],
        ports: [{ port: 9090 }],
      },
    ]);
  });

  it('asks the operator who deletes, without keeping anybody waiting or from anything', () => {
    const { webhooks } = find('ValidatingWebhookConfiguration', WEBHOOK_NAME);
    expect(webhooks).toEqual([
      expect.objectContaining({
        name: WEBHOOK_NAME,
        failurePolicy: 'Ignore',
        timeoutSeconds: 1,
        sideEffects: 'NoneOnDryRun',
        clientConfig: targetOf(undefined, OPERATOR_NAMESPACE),
        rules: [
          expect.objectContaining({ operations: ['DELETE'], resources: ['orgs', 'workspaces', 'templateassets'] }),
        ],
      }),
    ]);
    expect(find('Service', WEBHOOK_SERVICE).spec.selector).not.toHaveProperty([LABELS.leader]);
  });

  it('has policies that fail closed, forbid and are bound', () => {
    const policies = installed.filter(({ kind }) => kind.endsWith('AdmissionPolicy'));
    expect(policies.map(({ spec }) => spec.failurePolicy)).toEqual(policies.map(() => 'Fail'));
    expect(refusals.map(({ reason }) => reason)).toEqual(refusals.map(() => 'Forbidden'));
    expect(refusals.length).toBeGreaterThan(20);
    const bound = installed
      .filter(({ kind }) => kind.endsWith('PolicyBinding'))
      .map(({ kind, spec }) => `${kind}/${spec.policyName}`);
    expect(bound.sort()).toEqual(policies.map(({ kind, metadata }) => `${kind}Binding/${metadata.name}`).sort());
  });

  it('says with every refusal what cannot be done and what to do', () => {
    expect(refusals.filter(({ message }) => !/^Cannot [^:]+: .+; .+\.$/s.test(message))).toEqual([]);
  });
});

describe('the rights that are granted', () => {
  it('have no wildcard', () => {
    expect(
      rules.filter(({ apiGroups, resources, verbs }) =>
        [...apiGroups, ...resources, ...verbs].some((word) => word.includes('*')),
      ),
    ).toEqual([]);
  });

  it('read Secrets by name alone', () => {
    const granted = rules.filter(({ resources }) => resources.includes('secrets'));
    expect(granted.map(({ verbs, resourceNames }) => ({ verbs, resourceNames }))).toEqual(
      expect.arrayContaining([
        { verbs: ['get'], resourceNames: undefined },
        { verbs: ['create', 'patch'], resourceNames: [WEBHOOK_SECRET] },
      ]),
    );
    expect(granted).toHaveLength(2);
  });

  it('have none of the ways to more rights but a token for the account that tries the policies', () => {
    const escalations = ['escalate', 'bind', 'impersonate', 'nodes/proxy', 'serviceaccounts/token', 'pods/exec'];
    expect(
      rules.filter(({ resources, verbs }) => [...resources, ...verbs].some((word) => escalations.includes(word))),
    ).toEqual([
      { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames: [PROBE_ACCOUNT], verbs: ['create'] },
    ]);
  });

  it('let that account do nothing but to its own two objects, ask, and delete the namespace of the operator', () => {
    const { namespace } = find('Role', PROBE_ACCOUNT).metadata;
    expect(namespace).toBe(OPERATOR_NAMESPACE);
    const bound = installed.filter(({ subjects }) => subjects?.some(({ name }) => name === PROBE_ACCOUNT));
    expect(bound.map(({ kind, roleRef }) => [kind, roleRef?.kind, roleRef?.name])).toEqual([
      ['RoleBinding', 'Role', PROBE_ACCOUNT],
    ]);
    const granted = find('Role', PROBE_ACCOUNT).rules ?? [];
    expect(granted.filter(({ resourceNames }) => resourceNames === undefined)).toEqual([
      { apiGroups: ['moleculesai.app'], resources: ['approvalrequests'], verbs: ['create'] },
    ]);
    expect(new Set(granted.flatMap(({ resourceNames = [] }) => resourceNames))).toEqual(
      new Set([PROBE_KEY.name, OPERATOR_NAMESPACE]),
    );
  });
});

describe('an uninstallation', () => {
  it("is the plugin's own, which keeps data", () => {
    expect(readFileSync(join(CHECKOUT_DIR, 'Makefile'), 'utf8')).toMatch(
      /^uninstall: .*\n\t@node dist\/kubectl-molecule\.mjs uninstall --keep-data \$\(ARGS\)$/m,
    );
  });

  it('takes away all that is installed but the namespace, which holds what people made', () => {
    const cluster = new Set([...GUARDS, ...CLUSTER_RIGHTS].map(({ kind }) => kind));
    const own = new Set(MACHINERY.map(({ kind }) => kind));
    const isTaken = ({ kind, metadata: { name, namespace, labels } }: Manifest): boolean => {
      if (kind === DEFINITIONS.kind) return name.endsWith(`.${GROUP}`);
      const isFound = cluster.has(kind) || (own.has(kind) && namespace === OPERATOR_NAMESPACE);
      return isFound && new Map(Object.entries(labels ?? {})).get('app.kubernetes.io/name') === OPERATOR_NAME;
    };
    const left = installed.filter((object) => !isTaken(object));
    expect(left.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([`Namespace ${OPERATOR_NAMESPACE}`]);
  });
});

describe("the operator's Pod", () => {
  const spec = find('Deployment', OPERATOR_NAME).spec.template?.spec;
  const container = spec?.containers[0];

  it('is allowed in a namespace that restricts Pods', () => {
    expect(find('Namespace', OPERATOR_NAMESPACE).metadata).toMatchObject({
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    });
    expect(spec?.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('runs materialize from its own image', () => {
    expect(container?.env[0]).toEqual({ name: 'PROGRAM_IMAGE', value: container?.image });
  });

  it('is where assets come from only while it leads, and knows its own name to say so', () => {
    expect(find('Service', 'molecule-operator').spec.selector).toMatchObject({ [LABELS.leader]: 'true' });
    expect(find('Service', 'molecule-operator-metrics').spec.selector).not.toHaveProperty([LABELS.leader]);
    expect(container?.args).toEqual(expect.arrayContaining(['--instance=$(POD_NAME)', '--pod-name=$(POD_NAME)']));
    expect(container?.env).toContainEqual({
      name: 'POD_NAME',
      valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
    });
  });

  it('has a token that is made for it and expires', () => {
    expect(spec?.automountServiceAccountToken).toBe(false);
    const sources = spec?.volumes.flatMap(({ projected }) => projected?.sources ?? []);
    expect(sources).toContainEqual({ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } });
  });
});
