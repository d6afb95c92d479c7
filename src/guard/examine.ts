import { PERSISTENT_VOLUME_CLAIMS, TEMPLATE_ASSETS } from '../apis/v1alpha1/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import { ApiError, isNotFound } from '../kube/errors.ts';
import type { KubeObject, Resource } from '../kube/objects.ts';
import { comparePolicies, INSTALL_AGAIN, type LivePolicy } from './compare-policies.ts';
import { judgeProbe } from './judge-probe.ts';
import type { ProbeSession } from './probe-session.ts';
import { PROBE_ACCOUNT, PROBE_CLAIM, PROBE_KEY, PROBE_TEMPLATE, PROBES } from './probes.ts';
import { SHIPPED } from './shipped.generated.ts';

export interface ExamineOptions {
  readonly client: KubeClient;
  readonly openSession: (signal: AbortSignal) => Promise<ProbeSession>;
}

const admission = { group: 'admissionregistration.k8s.io', version: 'v1', namespaced: false } as const;
/** What the guard is made of. */
export const POLICIES: Resource = {
  ...admission,
  plural: 'validatingadmissionpolicies',
  kind: 'ValidatingAdmissionPolicy',
};
export const POLICY_BINDINGS: Resource = {
  ...admission,
  plural: 'validatingadmissionpolicybindings',
  kind: 'ValidatingAdmissionPolicyBinding',
};
const FIELD_MANAGER = 'molecule-operator-guard';

/**
 * The open ways round the approvals, sorted: policies that are not as they were shipped, and requests that ought to be refused
 * and are not. Every probe is a dry run. Rejects where the apiserver gives no answer that could be judged.
 */
export async function examine(options: ExamineOptions, signal: AbortSignal): Promise<readonly string[]> {
  const { client } = options;
  const [policies, bindings] = await Promise.all(
    [POLICIES, POLICY_BINDINGS].map((resource) => client.list<LivePolicy>(resource, { signal })),
  );
  const compared = comparePolicies(SHIPPED, [...(policies?.items ?? []), ...(bindings?.items ?? [])]);
  await Promise.all([
    ensure(client, TEMPLATE_ASSETS, PROBE_TEMPLATE, signal),
    ensure(client, PERSISTENT_VOLUME_CLAIMS, PROBE_CLAIM, signal),
  ]);
  return [...new Set([...compared, ...(await probe(options, signal))])].sort();
}

async function probe({ openSession }: ExamineOptions, signal: AbortSignal): Promise<readonly string[]> {
  const session = await openSession(signal).catch((error: unknown) => {
    if (isRefused(error)) return undefined;
    throw error;
  });
  if (session === undefined)
    return [
      `The policies cannot be probed for want of ServiceAccount ${PROBE_ACCOUNT} or of the right to a token for it: ${INSTALL_AGAIN}`,
    ];
  try {
    const verdicts = PROBES.map(async (attempt) =>
      judgeProbe(attempt, await session.call({ ...attempt.request, signal })),
    );
    return (await Promise.all(verdicts)).flatMap((verdict) => {
      if (verdict.kind === 'unanswered') throw new Error(verdict.message);
      return verdict.kind === 'open' ? [verdict.route] : [];
    });
  } finally {
    session.close();
  }
}

/** The answer is no, and will be until somebody changes something. */
function isRefused(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 403 || error.code === 404);
}

/** The probes need something to be tried on. Written only where it is missing. */
async function ensure(client: KubeClient, resource: Resource, object: KubeObject, signal: AbortSignal): Promise<void> {
  try {
    await client.get(resource, PROBE_KEY, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await client.apply(resource, object, { fieldManager: FIELD_MANAGER, signal });
  }
}
