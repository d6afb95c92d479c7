import { join } from 'node:path';
import { AGENT_SERVICE_ACCOUNT } from '../../src/apis/v1alpha1/names.ts';
import type { ControlPlane } from '../control-plane.ts';
import { ensureCertificate } from '../lib/certificates.ts';
import { endpointOf, writeKubeconfig } from '../lib/kubeconfig.ts';
import { createKubectl, type Kubectl } from '../lib/kubectl.ts';
import { openServiceAccount } from '../lib/service-account.ts';
import type { Identity } from './attempt.ts';

/** Where the agent whose token is stolen lives; it has the rights that an editor has, and the approver's. */
export const AGENT_NAMESPACE = 'stolen-agent';
export const AGENT_USER = `system:serviceaccount:${AGENT_NAMESPACE}:${AGENT_SERVICE_ACCOUNT}`;

/** User names in the certificates. */
export const USERS = { editor: 'ed', approver: 'ann', nobody: 'norman' } as const;

/**
 * The identities, each with credentials of its own. The editor has the cluster's role `edit` everywhere and may make tokens and Pods
 * with it. Somebody gave the agent's account the roles of editor and approver by mistake, because an account without rights
 * would show only that RBAC works.
 */
export async function openPeople(controlPlane: ControlPlane): Promise<Readonly<Record<Identity, Kubectl>>> {
  const { kubectl, dir } = controlPlane;
  const [editor, approver, nobody, agent] = await Promise.all([
    openPerson(controlPlane, USERS.editor),
    openPerson(controlPlane, USERS.approver),
    openPerson(controlPlane, USERS.nobody),
    openServiceAccount({ kubectl, namespace: AGENT_NAMESPACE, name: AGENT_SERVICE_ACCOUNT, dir }),
  ]);
  const user = (name: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name });
  const account = { kind: 'ServiceAccount', name: AGENT_SERVICE_ACCOUNT, namespace: AGENT_NAMESPACE };
  const items = [
    binding('attack-editor', 'edit', [user(USERS.editor), account]),
    binding('attack-approver', 'molecule-approver', [user(USERS.approver), account]),
  ];
  await kubectl.must(['create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  return { admin: kubectl, editor, approver, nobody, agent: createKubectl(kubectl.program, agent.kubeconfig) };
}

/** Gives a person one more ClusterRole everywhere. */
export function binding(name: string, role: string, subjects: readonly object[]): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects,
  };
}

async function openPerson({ pkiDir, dir, server, caFile, kubectl }: ControlPlane, user: string): Promise<Kubectl> {
  const pair = await ensureCertificate(pkiDir, { name: user, commonName: user });
  const file = join(dir, `${user}.kubeconfig`);
  await writeKubeconfig({
    file,
    endpoint: await endpointOf(server, caFile),
    credentials: { kind: 'certificate', pair },
  });
  return createKubectl(kubectl.program, file);
}
