/**
 * What an integration test needs of the control plane that global-setup.ts started once for all test files: etcd,
 * kube-apiserver and kube-controller-manager, with crds/ and manifests/policies/ installed and in force. No scheduler,
 * no kubelet: Pods stay Pending, claims unbound. Everything runs in namespaces of its own.
 *
 *   const namespace = await createNamespace();                       // ends with the run
 *   await mustKubectl(['apply', '-f', '-'], { input: yaml, namespace });
 *   const refused = await kubectl(['delete', 'org', 'org'], { namespace, as: 'jane', groups: ['dev'] });
 *   expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('…') });
 *   adminKubeconfig()                                                 // for a client library
 *   const operator = await serviceAccountKubeconfig({ namespace, name: 'operator' });
 */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createKubectl, type Kubectl } from '../../hack/lib/kubectl.ts';
import type { RunResult } from '../../hack/lib/run.ts';
import { openServiceAccount } from '../../hack/lib/service-account.ts';
import { waitFor } from '../../hack/lib/wait.ts';

/** Plain data, because it crosses from the setup's process into those of the test files. */
export interface ProvidedControlPlane {
  readonly server: string;
  readonly caFile: string;
  readonly adminKubeconfig: string;
  readonly kubectlProgram: string;
  /** Directory of this run; removed at its end. */
  readonly dir: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    controlPlane: ProvidedControlPlane;
  }
}

const DEFAULT_ACCOUNT_TIMEOUT_MS = 20_000;

export interface TestKubectlOptions {
  readonly input?: string;
  readonly namespace?: string;
  /** Acts as this user, who holds only the rights bound to the name and its groups. @default the cluster's admin */
  readonly as?: string;
  readonly groups?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Address, authority and files of the control plane. */
export function controlPlane(): ProvidedControlPlane {
  return inject('controlPlane');
}

/** A kubeconfig with all rights. */
export function adminKubeconfig(): string {
  return controlPlane().adminKubeconfig;
}

/** Runs kubectl; a refusal is a result with its exit code and standard error. */
export async function kubectl(args: readonly string[], options: TestKubectlOptions = {}): Promise<RunResult> {
  return adminKubectl().run([...flagsOf(options), ...args], options);
}

/** Runs kubectl, throws when it fails, returns standard output. */
export async function mustKubectl(args: readonly string[], options: TestKubectlOptions = {}): Promise<string> {
  return adminKubectl().must([...flagsOf(options), ...args], options);
}

/** A new namespace with a unique name, its default ServiceAccount made, so that Pods may be created in it. */
export async function createNamespace(prefix = 'test'): Promise<string> {
  const name = `${prefix}-${randomBytes(5).toString('hex')}`;
  const admin = adminKubectl();
  await admin.must(['create', 'namespace', name]);
  await waitFor(async () => (await admin.run(['get', 'serviceaccount', 'default', '-n', name])).code === 0, {
    what: `the default ServiceAccount in ${name}`,
    timeoutMs: DEFAULT_ACCOUNT_TIMEOUT_MS,
  });
  return name;
}

/** Path of a kubeconfig that authenticates as the ServiceAccount, which is made if missing and has no rights by itself. */
export async function serviceAccountKubeconfig(options: {
  readonly namespace: string;
  readonly name: string;
}): Promise<string> {
  const access = await openServiceAccount({ ...options, kubectl: adminKubectl(), dir: controlPlane().dir });
  return access.kubeconfig;
}

function adminKubectl(): Kubectl {
  const { kubectlProgram, adminKubeconfig: kubeconfig } = controlPlane();
  return createKubectl(kubectlProgram, kubeconfig);
}

function flagsOf(options: TestKubectlOptions): readonly string[] {
  return [
    ...(options.namespace === undefined ? [] : ['--namespace', options.namespace]),
    ...(options.as === undefined ? [] : ['--as', options.as]),
    ...(options.groups ?? []).flatMap((group) => ['--as-group', group]),
  ];
}
