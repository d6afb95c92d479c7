import * as z from 'zod';
import { AGENT_PORT } from '../../apis/v1alpha1/names.ts';
import { PODS } from '../../apis/v1alpha1/resources.ts';
import { ApiError } from '../../kube/errors.ts';
import { objectPath } from '../../kube/paths.ts';
import { coerceError } from '../../platform/errors.ts';
import type { ClusterClient } from '../connect.ts';
import type { CardLink } from './asset-report.ts';

const MAX_CARD_BYTES = 1024 * 1024;
const MAX_SKILLS = 200;
const CARD_TIMEOUT_MS = 5_000;

const card = z.object({
  name: z.string(),
  version: z.string().optional(),
  skills: z.array(z.object({ id: z.string().optional(), name: z.string() })).default([]),
});

export interface AgentAddress {
  readonly namespace: string;
  readonly podName: string;
}

/**
 * The card that the agent serves, asked for through the apiserver. Nothing depends on it: an agent that does not answer, or a user
 * who may not ask, gets a reason.
 */
export async function readCard(
  client: ClusterClient,
  { namespace, podName }: AgentAddress,
  signal: AbortSignal,
): Promise<CardLink> {
  const key = { namespace, name: `${podName}:${AGENT_PORT}` };
  const path = objectPath(PODS, key, { subresource: 'proxy/.well-known/agent-card.json' });
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(CARD_TIMEOUT_MS)]);
  try {
    const { name, version, skills } = card.parse(
      await client.read(path, { maxBytes: MAX_CARD_BYTES, signal: deadline }),
    );
    const ids = skills.map((skill) => skill.id ?? skill.name);
    return { name, version: version ?? null, skills: ids.slice(0, MAX_SKILLS), unread: null };
  } catch (thrown) {
    signal.throwIfAborted();
    return unreadCard(explain(coerceError(thrown), namespace));
  }
}

export function unreadCard(reason: string): CardLink {
  return { name: null, version: null, skills: null, unread: reason };
}

function explain(error: Error, namespace: string): string {
  if (error instanceof ApiError && error.code === 403)
    return `it may not be read: ask for the right to get pods/proxy in namespace "${namespace}"`;
  if (error instanceof z.ZodError || error instanceof SyntaxError) return 'what the agent serves is no agent card';
  return `the agent does not answer through the apiserver (${error.message})`;
}
