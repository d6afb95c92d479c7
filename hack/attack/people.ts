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

const AGENT_ACCOUNT = { kind: 'ServiceAccount', name: AGENT_SERVICE_ACCOUNT, namespace: AGENT_NAMESPACE };

/** User names in the certificates. */
export const USERS = { editor: 'ed', approver: 'ann', nobody: 'norman' } as const;

/**
 * The identities, each with credentials of its own. The editor has the cluster's role `edit` in the victims' namespaces. Somebody gave
 * the agent's account the roles of editor and approver by mistake, because an account without rights would show only that RBAC
 * works.
 */
export async function openPeople(controlPlane: ControlPlane): Promise<Readonly<Record<Identity, Kubectl>>> {
  const { kubectl, dir } = controlPlane;
  const [editor, approver, nobody, agent] = await Promise.all([
    openPerson(controlPlane, USERS.editor),
    openPerson(controlPlane, USERS.approver),
    openPerson(controlPlane, USERS.nobody),
    openServiceAccount({ kubectl, namespace: AGENT_NAMESPACE, name: AGENT_SERVICE_ACCOUNT, dir }),
  ]);
  await kubectl.must(['create', '-f', '-'], {
    input: JSON.stringify(binding('attack-approver', 'molecule-approver', [user(USERS.approver), AGENT_ACCOUNT])),
  });
  return { admin: kubectl, editor, approver, nobody, agent: createKubectl(kubectl.program, agent.kubeconfig) };
}

/** Lets the editor, and the agent, edit in a namespace. */
export function editors(namespace: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'editors', namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
    subjects: [user(USERS.editor), AGENT_ACCOUNT],
  };
}

export function user(name: string): object {
  return { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name };
}

/** Gives somebody a ClusterRole everywhere. */
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
