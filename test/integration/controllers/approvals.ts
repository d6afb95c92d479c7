/** Requests for approval as people deal with them, for the tests of the controllers. */
import { waitFor } from '../../../hack/lib/wait.ts';
import { API_VERSION, GROUP } from '../../../src/apis/v1alpha1/names.ts';
import { APPROVAL_REQUESTS } from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../../src/apis/v1alpha1/types.generated.ts';
import { findConformanceFaults } from '../../../src/conditions/conformance.ts';
import type { Clearance, ClearanceSource } from '../../../src/controllers/clearance.ts';
import type { KubeObject, Resource } from '../../../src/kube/objects.ts';
import { openKubeClient } from '../../../src/kube/open-client.ts';
import { mustKubectl, serviceAccountKubeconfig } from '../../support/control-plane.ts';
import type { TestOperator } from './operator.ts';

const TIMEOUT_MS = 20_000;

type Wanted = { readonly phase: string; readonly unless?: readonly string[] };

/** All requests about the object of this name, the oldest first. */
export async function requestsOf(operator: TestOperator, target: string): Promise<readonly ApprovalRequest[]> {
  const { namespace, client } = operator;
  const { signal } = new AbortController();
  const { items } = await client.list<ApprovalRequest>(APPROVAL_REQUESTS, { namespace, signal });
  return items
    .filter(({ spec }) => spec.target.name === target)
    .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion));
}

/** Waits for the request about this object in this phase, whose status has to be a well-behaved one. */
export async function untilRequest(
  operator: TestOperator,
  target: string,
  { phase, unless = [] }: Wanted,
): Promise<ApprovalRequest> {
  const found = await waitFor(
    async () => {
      const requests = await requestsOf(operator, target);
      return requests.find(({ metadata, status }) => status?.phase === phase && !unless.includes(metadata.name));
    },
    { what: `a request about ${target} to be ${phase}`, timeoutMs: TIMEOUT_MS },
  );
  const faults = findConformanceFaults(found as Parameters<typeof findConformanceFaults>[0]);
  if (faults.length > 0)
    throw new Error(`The status of ${found.metadata.name} is not well-behaved: ${faults.join('; ')}`);
  return found;
}

/** Decides as the cluster's administrator; the apiserver fills in who that is. */
export async function decide(
  operator: TestOperator,
  { metadata, spec }: ApprovalRequest,
  verdict: 'Approved' | 'Denied' = 'Approved',
): Promise<void> {
  const decision = { verdict, hash: spec.hash, by: 'admin' };
  await operator.patch(APPROVAL_REQUESTS, metadata.name, { spec: { decision } });
}

export async function remove(operator: TestOperator, resource: Resource, name: string): Promise<void> {
  const { namespace, client } = operator;
  await client.delete(resource, { namespace, name }, { signal: new AbortController().signal });
}

/** Waits until there is no object of that name, or another one. */
export async function untilGone(operator: TestOperator, resource: Resource, { metadata }: KubeObject): Promise<void> {
  const { namespace, client } = operator;
  await waitFor(
    async () => {
      const { items } = await client.list(resource, { namespace, signal: new AbortController().signal });
      return items.every((item) => item.metadata.uid !== metadata.uid);
    },
    { what: `${resource.kind} ${metadata.name} to be gone`, timeoutMs: TIMEOUT_MS },
  );
}

/** A clearance that a test changes. */
export function createSwitch(first: Clearance): ClearanceSource & { set(next: Clearance): void } {
  const listeners: (() => void)[] = [];
  let clearance = first;
  return {
    current: () => clearance,
    onChange: (listener) => void listeners.push(listener),
    set: (next) => {
      clearance = next;
      for (const listener of listeners) listener();
    },
  };
}

export interface Asker {
  readonly userName: string;
  /** Asks for the deletion of the object, before anybody has sent a DELETE. */
  ask(target: KubeObject, name: string, spec?: object): Promise<ApprovalRequest>;
  close(): void;
}

/** Somebody else than the administrator, who may ask and not decide. */
export async function openAsker(namespace: string, role = 'molecule-editor'): Promise<Asker> {
  await mustKubectl(['create', 'serviceaccount', 'asker', '-n', namespace]);
  await mustKubectl([
    ...['create', 'rolebinding', 'asker', '-n', namespace],
    ...[`--clusterrole=${role}`, `--serviceaccount=${namespace}:asker`],
  ]);
  const kubeconfig = await serviceAccountKubeconfig({ namespace, name: 'asker' });
  const { client } = openKubeClient({ kubeconfig, userAgent: 'test' });
  const userName = `system:serviceaccount:${namespace}:asker`;
  return {
    userName,
    ask: ({ kind, metadata }, name, spec = {}) => {
      const target = { group: GROUP, kind, name: metadata.name, uid: metadata.uid ?? '' };
      const request: ApprovalRequest = {
        apiVersion: API_VERSION,
        kind: 'ApprovalRequest',
        metadata: { name, namespace },
        spec: { action: 'delete_workspace', target, requestedBy: userName, reason: 'No longer needed', ...spec },
      };
      return client.create(APPROVAL_REQUESTS, request, { fieldManager: 'test', signal: new AbortController().signal });
    },
    close: () => client.close(),
  };
}
