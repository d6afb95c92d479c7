import { BlockList, isIPv6 } from 'node:net';

/** Who is at the other end: an address, and where it is a Pod's, its labels and those of its namespace. */
export interface Peer {
  readonly address: string;
  readonly pod?: { readonly labels: Labels; readonly namespace: string };
}

export interface Traffic {
  readonly peer: Peer;
  readonly protocol?: 'TCP' | 'UDP';
  readonly port: number;
}

type Labels = Readonly<Record<string, string>>;

interface Selector {
  readonly matchLabels: Labels;
}

interface PolicyPeer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

interface Rule {
  readonly ports?: readonly { readonly protocol: string; readonly port: number }[];
  readonly from?: readonly PolicyPeer[];
  readonly to?: readonly PolicyPeer[];
}

export interface Policy {
  readonly metadata: { readonly namespace?: string };
  readonly spec: {
    readonly podSelector: Selector;
    readonly policyTypes: readonly string[];
    readonly ingress: readonly Rule[];
    readonly egress: readonly Rule[];
  };
}

/** What a network plugin decides for the Pods that the policy selects: closed in both directions but for what a rule allows. */
export function allows(policy: Policy, direction: 'ingress' | 'egress', traffic: Traffic): boolean {
  const { spec } = policy;
  if (!spec.policyTypes.includes(direction === 'ingress' ? 'Ingress' : 'Egress')) return true;
  return spec[direction].some(
    ({ ports, from, to }) =>
      (ports === undefined ||
        ports.some(({ protocol, port }) => protocol === (traffic.protocol ?? 'TCP') && port === traffic.port)) &&
      ((from ?? to) === undefined || (from ?? to)?.some((peer) => isPeer(peer, traffic.peer, policy))),
  );
}

function isPeer(wanted: PolicyPeer, { address, pod }: Peer, { metadata }: Policy): boolean {
  // A plugin knows Pods as Pods; that an ipBlock covers them as well is where plugins differ, so the worse is assumed.
  if (wanted.ipBlock !== undefined) {
    const { cidr, except = [] } = wanted.ipBlock;
    return isIn(cidr, address) && !except.some((part) => isIn(part, address));
  }
  if (pod === undefined) return false;
  const isHere =
    wanted.namespaceSelector === undefined
      ? pod.namespace === metadata.namespace
      : matches(wanted.namespaceSelector, { 'kubernetes.io/metadata.name': pod.namespace });
  return isHere && (wanted.podSelector === undefined || matches(wanted.podSelector, pod.labels));
}

function matches({ matchLabels }: Selector, labels: Labels): boolean {
  return Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
}

function isIn(cidr: string, address: string): boolean {
  const [net = '', prefix = ''] = cidr.split('/');
  const family = isIPv6(net) ? 'ipv6' : 'ipv4';
  if (family !== (isIPv6(address) ? 'ipv6' : 'ipv4')) return false;
  const block = new BlockList();
  block.addSubnet(net, Number(prefix), family);
  return block.check(address, family);
}
