import * as z from 'zod';
import { AGENT_PORT, ORG_NETWORK_POLICY } from '../../apis/v1alpha1/names.ts';
import { PODS } from '../../apis/v1alpha1/resources.ts';
import { ApiError, isRetryable } from '../../kube/errors.ts';
import { objectPath } from '../../kube/paths.ts';
import { coerceError } from '../../platform/errors.ts';
import { isSilence } from '../cluster-failure.ts';
import type { ClusterClient } from '../connect.ts';
import { type ClusterFlags, clusterWords } from '../options.ts';
import type { CardLink } from './asset-report.ts';

const MAX_CARD_BYTES = 1024 * 1024;
const MAX_SKILLS = 200;
const CARD_TIMEOUT_MS = 5_000;

const card = z.object({
  name: z.string(),
  version: z.string().optional(),
  skills: z.array(z.object({ id: z.string().optional(), name: z.string() })).default([]),
});

const CARD_PATH = '.well-known/agent-card.json';

export interface AgentAddress {
  readonly namespace: string;
  readonly podName: string;
  /** For commands to copy. */
  readonly flags: Pick<ClusterFlags, 'context' | 'kubeconfig'>;
}

/**
 * The card that the agent serves, asked for through the apiserver. Nothing depends on it: an agent that does not answer, or a user
 * who may not ask, gets a reason.
 */
export async function readCard(client: ClusterClient, address: AgentAddress, signal: AbortSignal): Promise<CardLink> {
  const key = { namespace: address.namespace, name: `${address.podName}:${AGENT_PORT}` };
  const path = objectPath(PODS, key, { subresource: `proxy/${CARD_PATH}` });
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(CARD_TIMEOUT_MS)]);
  try {
    const { name, version, skills } = card.parse(
      await client.read(path, { maxBytes: MAX_CARD_BYTES, signal: deadline }),
    );
    const ids = skills.map((skill) => skill.id ?? skill.name);
    return { name, version: version ?? null, skills: ids.slice(0, MAX_SKILLS), unread: null };
  } catch (thrown) {
    signal.throwIfAborted();
    return unreadCard(explain(coerceError(thrown), address));
  }
}

export function unreadCard(reason: string): CardLink {
  return { name: null, version: null, skills: null, unread: reason };
}

function explain(error: Error, { namespace, podName, flags }: AgentAddress): string {
  if (error instanceof ApiError && error.code === 403)
    return `it may not be read: ask for the right to get pods/proxy in namespace "${namespace}"`;
  if (error instanceof z.ZodError || error instanceof SyntaxError) return 'what the agent serves is no agent card';
  const answer = `the agent does not answer through the apiserver (${error.message})`;
  if (!isSilence(error) && !isRetryable(error)) return answer;
  const forward = `kubectl port-forward pod/${podName} ${AGENT_PORT} ${clusterWords(flags, namespace)}`;
  return `${answer}, as where a network plugin enforces NetworkPolicy "${ORG_NETWORK_POLICY}"; to ask it past that: ${forward}, and meanwhile: curl http://127.0.0.1:${AGENT_PORT}/${CARD_PATH}`;
}
