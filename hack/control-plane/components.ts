import { join } from 'node:path';
import type { KeyPair } from '../lib/certificates.ts';
import { writeAtomically } from '../lib/files.ts';

/** What listens: etcd for clients and peers, the apiserver, and the health ports of the two controllers. */
export const APISERVER_PORTS = ['apiserver', 'etcd', 'etcdPeer', 'controllerManager', 'scheduler'] as const;

type Ports = Readonly<Record<(typeof APISERVER_PORTS)[number], number>>;

// The names that the apiserver's built-in RBAC roles are bound to.
export const CONTROLLER_MANAGER_USER = 'system:kube-controller-manager';
export const SCHEDULER_USER = 'system:kube-scheduler';

export interface Pki {
  readonly ca: KeyPair;
  readonly apiserver: KeyPair;
  readonly admin: KeyPair;
  readonly kubeletClient: KeyPair;
  readonly controllerManager: KeyPair;
  readonly scheduler: KeyPair;
  readonly signingKey: { readonly publicFile: string; readonly privateFile: string };
}

export interface ApiserverOptions {
  readonly dir: string;
  /**
   * Writes one JSON line per finished request to this file: user, verb, resource, userAgent and response code, no bodies.
   * For counting what a client does.
   */
  readonly auditLog?: string | undefined;
  /** Admission plugins to switch off, such as ServiceAccount where no controller manager makes the default account. */
  readonly disableAdmissionPlugins?: readonly string[] | undefined;
  readonly extraApiserverArgs?: readonly string[] | undefined;
}

export function etcdArgs(options: { readonly dir: string; readonly ports: Ports }): readonly string[] {
  const client = `http://127.0.0.1:${options.ports.etcd}`;
  const peer = `http://127.0.0.1:${options.ports.etcdPeer}`;
  return [
    `--data-dir=${join(options.dir, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--log-level=warn',
    // State of a development machine: a power failure may cost it, a killed process does not.
    '--unsafe-no-fsync',
  ];
}

export async function apiserverArgs(
  options: ApiserverOptions & { readonly pki: Pki; readonly ports: Ports },
): Promise<readonly string[]> {
  const { pki, ports } = options;
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    `--secure-port=${ports.apiserver}`,
    '--bind-address=127.0.0.1',
    // Otherwise it publishes, and waits to reach, the address of the machine's first network card.
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--client-ca-file=${pki.ca.certFile}`,
    `--tls-cert-file=${pki.apiserver.certFile}`,
    `--tls-private-key-file=${pki.apiserver.keyFile}`,
    `--service-account-key-file=${pki.signingKey.publicFile}`,
    `--service-account-signing-key-file=${pki.signingKey.privateFile}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--disable-admission-plugins=${(options.disableAdmissionPlugins ?? []).join(',')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--allow-privileged',
    '--kubelet-preferred-address-types=Hostname',
    `--kubelet-client-certificate=${pki.kubeletClient.certFile}`,
    `--kubelet-client-key=${pki.kubeletClient.keyFile}`,
    `--kubelet-certificate-authority=${pki.ca.certFile}`,
    ...(await auditArgs(options)),
    ...(options.extraApiserverArgs ?? []),
  ];
}

async function auditArgs(options: ApiserverOptions): Promise<readonly string[]> {
  if (options.auditLog === undefined) return [];
  const policyFile = join(options.dir, 'audit-policy.yaml');
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [{ level: 'Metadata' }],
  };
  await writeAtomically(policyFile, JSON.stringify(policy));
  return [
    `--audit-policy-file=${policyFile}`,
    `--audit-log-path=${options.auditLog}`,
    // Nothing is thrown away or held back: whoever counts lines must find each one when the request is over.
    '--audit-log-maxsize=0',
    '--audit-log-mode=blocking',
  ];
}

export function controllerManagerArgs(options: {
  readonly kubeconfig: string;
  readonly pki: Pki;
  readonly ports: Ports;
}): readonly string[] {
  const { pki, kubeconfig } = options;
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${options.ports.controllerManager}`,
    `--tls-cert-file=${pki.controllerManager.certFile}`,
    `--tls-private-key-file=${pki.controllerManager.keyFile}`,
    `--root-ca-file=${pki.ca.certFile}`,
    // Signs what people ask for with a CertificateSigningRequest.
    `--cluster-signing-cert-file=${pki.ca.certFile}`,
    `--cluster-signing-key-file=${pki.ca.keyFile}`,
    `--service-account-private-key-file=${pki.signingKey.privateFile}`,
    '--use-service-account-credentials',
    '--leader-elect=false',
  ];
}

export function schedulerArgs(options: { readonly kubeconfig: string; readonly ports: Ports }): readonly string[] {
  const { kubeconfig } = options;
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${options.ports.scheduler}`,
    '--leader-elect=false',
  ];
}
