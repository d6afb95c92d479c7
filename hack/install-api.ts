import { join } from 'node:path';
import { OPERATOR_NAMESPACE } from '../src/apis/v1alpha1/names.ts';
import { listDir } from './lib/files.ts';
import type { Kubectl } from './lib/kubectl.ts';
import { CHECKOUT_DIR } from './lib/paths.ts';
import { waitFor } from './lib/wait.ts';

const CANARY = 'policies-in-force';
const TIMEOUT_MS = 30_000;

/**
 * Installs what a cluster needs to know our kinds: crds/, manifests/rbac/, manifests/policies/ and manifests/guard/ of this
 * checkout, as far as they exist, and returns when all of it is in force. What is installed already is brought up to date.
 */
export async function installApi(kubectl: Kubectl, signal?: AbortSignal): Promise<void> {
  const crds = await sourceFlags(join(CHECKOUT_DIR, 'crds'));
  if (crds !== undefined) {
    await kubectl.must(['apply', '--server-side', ...crds], { signal });
    await kubectl.must(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all'], { signal });
  }
  if (crds !== undefined) await waitForKinds(kubectl, signal);
  const rbac = await sourceFlags(join(CHECKOUT_DIR, 'manifests', 'rbac'));
  if (rbac !== undefined) {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: OPERATOR_NAMESPACE } };
    await kubectl.must(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(namespace), signal });
    await kubectl.must(['apply', '--server-side', ...rbac], { signal });
  }
  for (const name of ['policies', 'guard']) {
    const rules = await sourceFlags(join(CHECKOUT_DIR, 'manifests', name));
    if (rules !== undefined) await kubectl.must(['apply', '--server-side', ...rules], { signal });
  }
  await waitForPolicies(kubectl, signal);
}

/** How kubectl is told of the manifests in a directory; undefined when there are none. */
async function sourceFlags(dir: string): Promise<readonly string[] | undefined> {
  const files = await listDir(dir);
  if (files.includes('kustomization.yaml')) return ['-k', dir];
  return files.some((file) => file.endsWith('.yaml')) ? ['-f', dir] : undefined;
}

/** Established is said a moment before the kinds are served everywhere; a request then ends in 404 or 503. */
async function waitForKinds(kubectl: Kubectl, signal: AbortSignal | undefined): Promise<void> {
  await waitFor(async () => (await kubectl.run(['get', 'molecule', '-A', '-o', 'name'], { signal })).code === 0, {
    what: 'our kinds served',
    timeoutMs: TIMEOUT_MS,
    signal,
  });
}

/**
 * The apiserver takes policies up about a second after they were made and shows that nowhere. Two canaries, one of each
 * kind, made after the others and so in force after them, answer instead: one stamps a ConfigMap, one refuses it.
 */
async function waitForPolicies(kubectl: Kubectl, signal: AbortSignal | undefined): Promise<void> {
  await kubectl.must(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(canaries()), signal });
  const probe = JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: CANARY, namespace: 'default' },
  });
  await waitFor(
    async () => {
      const answer = await kubectl.run(['create', '--dry-run=server', '-f', '-'], { input: probe, signal });
      return answer.stderr.includes('canary: mutated');
    },
    { what: 'the admission policies take effect', timeoutMs: TIMEOUT_MS, signal },
  );
  await kubectl.must(['delete', '-f', '-'], { input: JSON.stringify(canaries()), signal });
}

function canaries(): object {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name: CANARY };
  const matchConstraints = {
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
  };
  const matchConditions = [{ name: 'canary', expression: `object.metadata.name == '${CANARY}'` }];
  const applyConfiguration = { expression: `Object{data: {'mutated': 'yes'}}` };
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion,
        kind: 'MutatingAdmissionPolicy',
        metadata,
        spec: {
          matchConstraints,
          matchConditions,
          reinvocationPolicy: 'Never',
          mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration }],
        },
      },
      { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata, spec: { policyName: CANARY } },
      {
        apiVersion,
        kind: 'ValidatingAdmissionPolicy',
        metadata,
        spec: {
          matchConstraints,
          matchConditions,
          // Refuses only what the other canary has stamped, so the refusal proves both.
          validations: [{ expression: `!has(object.data) || !('mutated' in object.data)`, message: 'canary: mutated' }],
        },
      },
      {
        apiVersion,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata,
        spec: { policyName: CANARY, validationActions: ['Deny'] },
      },
    ],
  };
}
