import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { OPERATOR_NAMESPACE, OPERATOR_POD_LABELS } from '../../../../src/apis/v1alpha1/names.ts';
import {
  desiredNetworkPolicy,
  desiredServiceAccount,
  isolationWrites,
} from '../../../../src/controllers/org/isolation.ts';
import { meta, NAMESPACE, uidOf } from '../../../builders/objects.ts';
import { allows, type Peer, type Policy } from './network-policy.ts';

const SETTINGS = { assetServerURL: 'http://molecule-operator.molecule-system.svc:80', assetServerPort: 8443 };
const MANAGED = { 'app.kubernetes.io/managed-by': 'molecule-operator' };
const policyFor = (assetServerURL = SETTINGS.assetServerURL): Policy =>
  desiredNetworkPolicy(NAMESPACE, { ...SETTINGS, assetServerURL }) as unknown as Policy;

const at = (address: string): Peer => ({ address });
const pod = (namespace: string, labels: Readonly<Record<string, string>>): Peer => ({
  address: '10.244.1.7',
  pod: { namespace, labels },
});
const agent = pod(NAMESPACE, { ...MANAGED, 'moleculesai.app/workspace': 'writer' });
const foreignAgent = pod('beta', MANAGED);
const neighbour = pod(NAMESPACE, { app: 'database' });
const operator = pod(OPERATOR_NAMESPACE, OPERATOR_POD_LABELS);
const dns = pod('kube-system', { 'k8s-app': 'kube-dns' });

describe('the network policy of an Org', () => {
  it('is about the Pods of its agents and closes both directions', () => {
    expect(policyFor().spec).toMatchObject({
      podSelector: { matchLabels: MANAGED },
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  it.each([
    ['lets in', 'an agent of the same Org', agent, true],
    ['lets in', 'the operator', operator, true],
    ['keeps out', 'an agent of another Org', foreignAgent, false],
    ['keeps out', 'another Pod of the namespace', neighbour, false],
    ['keeps out', 'a Pod elsewhere that is labelled like the operator', pod('beta', OPERATOR_POD_LABELS), false],
    ['keeps out', 'another Pod beside the operator', pod(OPERATOR_NAMESPACE, { app: 'postgres' }), false],
    ['keeps out', 'the internet', at('93.184.216.34'), false],
    ['keeps out', 'the internet over IPv6', at('2606:2800:220:1::1'), false],
  ] as const)('%s %s', (_verb, _who, peer, expected) => {
    expect(allows(policyFor(), 'ingress', { peer, port: 8000 })).toBe(expected);
  });

  it.each([
    ['lets agents reach', 'each other', agent, 'TCP', 8000, true],
    ['lets agents reach', "the cluster's DNS over UDP", dns, 'UDP', 53, true],
    ['lets agents reach', "the cluster's DNS over TCP", dns, 'TCP', 53, true],
    ['lets agents reach', 'the DNS cache of their node', at('169.254.20.10'), 'UDP', 53, true],
    ['lets agents reach', 'the asset server', operator, 'TCP', 8443, true],
    ['lets agents reach', 'the internet', at('93.184.216.34'), 'TCP', 443, true],
    ['lets agents reach', 'the internet over IPv6', at('2606:2800:220:1::1'), 'TCP', 443, true],
    ['keeps agents from', "DNS's other ports", dns, 'TCP', 9153, false],
    ['keeps agents from', 'another Pod of kube-system', pod('kube-system', { app: 'etcd' }), 'UDP', 53, false],
    ['keeps agents from', 'the metrics of the operator', operator, 'TCP', 8080, false],
    ['keeps agents from', 'agents of another Org', foreignAgent, 'TCP', 8000, false],
    ['keeps agents from', 'another Pod of the namespace', neighbour, 'TCP', 5432, false],
    ['keeps agents from', "the node's other link-local ports", at('169.254.20.10'), 'TCP', 80, false],
    ['keeps agents from', 'the metadata of AWS, GCP and Azure', at('169.254.169.254'), 'TCP', 80, false],
    ['keeps agents from', 'the metadata of AWS over IPv6', at('fd00:ec2::254'), 'TCP', 80, false],
    ['keeps agents from', 'the wire server of Azure', at('168.63.129.16'), 'TCP', 80, false],
    ['keeps agents from', 'the metadata of Alibaba', at('100.100.100.200'), 'TCP', 80, false],
    ['keeps agents from', 'the metadata of Oracle', at('192.0.0.192'), 'TCP', 80, false],
    ['keeps agents from', 'a Service', at('10.96.0.1'), 'TCP', 443, false],
    ['keeps agents from', 'the last address of 172.16/12', at('172.31.255.255'), 'TCP', 443, false],
    ['keeps agents from', 'a private network', at('192.168.1.1'), 'TCP', 443, false],
    ['keeps agents from', 'their own host', at('127.0.0.1'), 'TCP', 6443, false],
    ['keeps agents from', 'all hosts', at('255.255.255.255'), 'UDP', 67, false],
    ['keeps agents from', 'multicast', at('239.255.255.250'), 'UDP', 1900, false],
    ['keeps agents from', 'loopback over IPv6', at('::1'), 'TCP', 443, false],
    ['keeps agents from', 'an IPv4 address inside of IPv6', at('::ffff:a00:1'), 'TCP', 443, false],
    ['keeps agents from', 'an IPv4 address behind NAT64', at('64:ff9b::a00:1'), 'TCP', 443, false],
    ['keeps agents from', 'an IPv4 address behind 6to4', at('2002:a00:1::1'), 'TCP', 443, false],
    ['keeps agents from', 'a private network over IPv6', at('fd12:3456::1'), 'TCP', 443, false],
    ['keeps agents from', 'link-local over IPv6', at('fe80::1'), 'TCP', 443, false],
    ['keeps agents from', 'multicast over IPv6', at('ff02::1'), 'UDP', 5353, false],
  ] as const)('%s %s', (_verb, _who, peer, protocol, port, expected) => {
    expect(allows(policyFor(), 'egress', { peer, protocol, port })).toBe(expected);
  });

  it.each([
    ['an address with a port', 'http://10.0.0.5:9000', '10.0.0.5', 9000],
    ['an address without one', 'http://10.0.0.5', '10.0.0.5', 80],
    ['an address with TLS', 'https://10.0.0.5', '10.0.0.5', 443],
    ['an address of IPv6', 'http://[fd00::5]:9000', 'fd00::5', 9000],
  ])('opens one port of an asset server outside of the cluster: %s', (_form, url, address, port) => {
    const policy = policyFor(url);
    expect(allows(policy, 'egress', { peer: at(address), port })).toBe(true);
    expect(allows(policy, 'egress', { peer: at(address), port: port + 1 })).toBe(false);
    expect(allows(policyFor(), 'egress', { peer: at(address), port })).toBe(false);
  });

  it('knows the operator by the labels and the namespace that it is installed with', async () => {
    const deployment = parseAllDocuments(await readFile('manifests/operator/deployment.yaml', 'utf8'))
      .map((document) => document.toJS())
      .find(({ kind }) => kind === 'Deployment');
    const namespace = parseAllDocuments(await readFile('manifests/namespace/namespace.yaml', 'utf8'))[0]?.toJS();
    expect(deployment.spec.template.metadata.labels).toMatchObject(OPERATOR_POD_LABELS);
    expect(namespace.metadata.name).toBe(OPERATOR_NAMESPACE);
  });
});

describe('isolationWrites()', () => {
  const { spec } = desiredNetworkPolicy(NAMESPACE, SETTINGS);
  const networkPolicy = { metadata: meta('molecule-org', uidOf('policy')), spec };
  const serviceAccount = { metadata: meta('molecule-agent', uidOf('account')), automountServiceAccountToken: false };
  const written = (isolation: Parameters<typeof isolationWrites>[1]) =>
    isolationWrites(NAMESPACE, isolation, SETTINGS).map((write) => write.resource.kind);

  it.each([
    ['both when neither exists', {}, ['NetworkPolicy', 'ServiceAccount']],
    ['nothing when both are right', { networkPolicy, serviceAccount }, []],
    [
      'a policy that was changed',
      { networkPolicy: { ...networkPolicy, spec: { ...spec, egress: [{}] } }, serviceAccount },
      ['NetworkPolicy'],
    ],
    [
      'an account that mounts its token',
      { networkPolicy, serviceAccount: { ...serviceAccount, automountServiceAccountToken: true } },
      ['ServiceAccount'],
    ],
    [
      'an account that says nothing about it',
      { networkPolicy, serviceAccount: { metadata: serviceAccount.metadata } },
      ['ServiceAccount'],
    ],
  ])('applies %s', (_sentence, observed, kinds) => {
    expect(written({ networkPolicy: undefined, serviceAccount: undefined, ...observed })).toEqual(kinds);
  });

  it('does not mind members in another order', () => {
    const reordered = Object.fromEntries(Object.entries(spec).toReversed());
    expect(written({ networkPolicy: { ...networkPolicy, spec: reordered }, serviceAccount })).toEqual([]);
  });

  it('gives the account no token', () => {
    expect(desiredServiceAccount(NAMESPACE)).toMatchObject({
      metadata: { name: 'molecule-agent', labels: MANAGED },
      automountServiceAccountToken: false,
    });
  });
});
