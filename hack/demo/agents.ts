import { z } from 'zod';
import type { Kubectl } from '../lib/kubectl.ts';

const workspaceSchema = z.object({
  metadata: z.object({ name: z.string() }),
  status: z.object({
    podName: z.string(),
    /** Only while the agent is ready. */
    endpoint: z.string().optional(),
    assets: z
      .object({
        revision: z.string().optional(),
        lastReport: z
          .object({
            time: z.string(),
            podUID: z.string().optional(),
            changed: z.number(),
            changes: z
              .array(
                z.object({
                  path: z.string(),
                  action: z.string(),
                  wanted: z.string().optional(),
                  found: z.string().optional(),
                }),
              )
              .default([]),
          })
          .optional(),
      })
      .optional(),
  }),
});

const cardSchema = z.object({ name: z.string(), skills: z.array(z.object({ id: z.string(), name: z.string() })) });

export type AgentView = z.infer<typeof workspaceSchema>;
export type AgentCard = z.infer<typeof cardSchema>;

/** A Workspace that has a Pod. */
export async function readAgent(kubectl: Kubectl, namespace: string, name: string): Promise<AgentView> {
  return workspaceSchema.parse(
    JSON.parse(await kubectl.must(['get', 'workspace', name, '-n', namespace, '-o', 'json'])),
  );
}

export async function listAgents(kubectl: Kubectl, namespace: string): Promise<readonly AgentView[]> {
  const list = JSON.parse(await kubectl.must(['get', 'workspaces', '-n', namespace, '-o', 'json'])) as {
    readonly items: readonly unknown[];
  };
  return list.items.map((item) => workspaceSchema.parse(item));
}

/** What the agent itself says it is, over A2A. */
export async function readCard(agent: AgentView, signal: AbortSignal): Promise<AgentCard> {
  const answer = await fetch(`${agent.status.endpoint}/.well-known/agent-card.json`, { signal });
  return cardSchema.parse(await answer.json());
}

/** Runs JavaScript in the agent's container, which has Node and no shell. */
export async function runInAgent(
  kubectl: Kubectl,
  agent: { readonly namespace: string; readonly podName: string },
  script: string,
): Promise<string> {
  return kubectl.must([
    'exec',
    '-n',
    agent.namespace,
    agent.podName,
    '-c',
    'agent',
    '--',
    '/nodejs/bin/node',
    '--input-type=module',
    '-e',
    script,
  ]);
}
