import {
  AGENT_SERVICE_ACCOUNT,
  FIELD_MANAGERS,
  LABELS,
  MANAGED_BY,
  OPERATOR_NAMESPACE,
  OPERATOR_POD_LABELS,
  ORG_NETWORK_POLICY,
} from '../../apis/v1alpha1/names.ts';
import { NETWORK_POLICIES, SERVICE_ACCOUNTS } from '../../apis/v1alpha1/resources.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { canonicalJson } from '../../platform/digest.ts';
import type { DeleteEffect, WriteEffect } from '../../runtime/plan.ts';
import { deleteLive } from '../effects.ts';
import type { ObservedAccount, ObservedPolicy } from './observed.ts';
import { PUBLIC_ADDRESSES } from './public-addresses.ts';

/** How agents reach the asset server; from the operator's configuration. */
export interface IsolationSettings {
  readonly assetServerURL: string;
  /** The port in the operator's Pods, to which a Service may give another number. */
  readonly assetServerPort: number;
}

/** What surrounds the agents of one Org, as observed. */
export interface Isolation {
  readonly networkPolicy: ObservedPolicy | undefined;
  readonly serviceAccount: ObservedAccount | undefined;
}

const MANAGED = { [LABELS.managedBy]: MANAGED_BY };
const AGENTS = { podSelector: { matchLabels: MANAGED } };
const OPERATOR = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': OPERATOR_NAMESPACE } },
  podSelector: { matchLabels: OPERATOR_POD_LABELS },
};
const CLUSTER_DNS = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
  podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
};
/** NodeLocal DNSCache listens on this address of every node; nothing else does, and the metadata service is another one. */
const NODE_LOCAL_DNS = { ipBlock: { cidr: '169.254.20.10/32' } };
const DNS_PORTS = [
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 53 },
];

/**
 * The Org's walls. Every default of the API is spelled out, so that what the apiserver returns is what was sent. Limits: a
 * network plugin has to enforce it; a node always reaches its own Pods (probes need that); policies add up, so whoever may
 * create NetworkPolicies in the namespace can open it further; an asset server outside of the cluster is reached by its IP
 * address, or by a name that resolves to a public one.
 */
export function desiredNetworkPolicy(
  namespace: string,
  settings: IsolationSettings,
): KubeObject & { readonly spec: object } {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: ORG_NETWORK_POLICY, namespace, labels: MANAGED },
    spec: {
      podSelector: { matchLabels: MANAGED },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [AGENTS, OPERATOR] }],
      egress: [
        { to: [CLUSTER_DNS, NODE_LOCAL_DNS], ports: DNS_PORTS },
        { to: [AGENTS] },
        { to: [OPERATOR], ports: [{ protocol: 'TCP', port: settings.assetServerPort }] },
        ...outsideAssetServer(settings),
        { to: PUBLIC_ADDRESSES.map(({ cidr, except }) => ({ ipBlock: { cidr, except } })) },
      ],
    },
  };
}

/** What every agent's Pod runs as. No binding names it, and nothing mounts its token. */
export function desiredServiceAccount(
  namespace: string,
): KubeObject & { readonly automountServiceAccountToken: false } {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: AGENT_SERVICE_ACCOUNT, namespace, labels: MANAGED },
    automountServiceAccountToken: false,
  };
}

/** What is missing or was changed. Others may add to the account what image pulls need; that is left alone. */
export function isolationWrites(
  namespace: string,
  { networkPolicy, serviceAccount }: Isolation,
  settings: IsolationSettings,
): readonly WriteEffect[] {
  const policy = desiredNetworkPolicy(namespace, settings);
  const isPolicyKept = networkPolicy !== undefined && canonicalJson(networkPolicy.spec) === canonicalJson(policy.spec);
  return [
    ...(isPolicyKept
      ? []
      : [{ kind: 'apply', resource: NETWORK_POLICIES, object: policy, fieldManager: FIELD_MANAGERS.org } as const]),
    ...(serviceAccount?.automountServiceAccountToken === false
      ? []
      : [
          {
            kind: 'apply',
            resource: SERVICE_ACCOUNTS,
            object: desiredServiceAccount(namespace),
            fieldManager: FIELD_MANAGERS.org,
          } as const,
        ]),
  ];
}

/** Only when nobody is left behind the walls. */
export function isolationDeletes({ networkPolicy, serviceAccount }: Isolation): readonly DeleteEffect[] {
  return [...deleteLive(NETWORK_POLICIES, networkPolicy), ...deleteLive(SERVICE_ACCOUNTS, serviceAccount)];
}

/** An operator that runs outside of the cluster is no Pod that a selector could name. */
function outsideAssetServer({ assetServerURL }: IsolationSettings): readonly object[] {
  const { hostname, port, protocol } = new URL(assetServerURL);
  const cidr = hostname.startsWith('[')
    ? `${hostname.slice(1, -1)}/128`
    : /^[\d.]+$/.test(hostname)
      ? `${hostname}/32`
      : undefined;
  if (cidr === undefined) return [];
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return [{ to: [{ ipBlock: { cidr } }], ports: [{ protocol: 'TCP', port: number }] }];
}
