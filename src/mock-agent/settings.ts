import * as z from 'zod';
import { AGENT_PORT, CONFIGS_MOUNT } from '../apis/v1alpha1/names.ts';

/** What an agent is told by its environment; the names are the platform's. */
export interface AgentSettings {
  readonly port: number;
  /** Where the assets lie. */
  readonly configs: string;
  readonly workspaceID: string;
  readonly agentName?: string | undefined;
  readonly role?: string | undefined;
  readonly model?: string | undefined;
}

const text = z.string().transform((value) => value.trim() || undefined);

const Environment = z.object({
  AGENT_PORT: z.coerce.number().int().min(1).max(65_535).default(AGENT_PORT),
  WORKSPACE_CONFIG_PATH: z.string().min(1).default(CONFIGS_MOUNT),
  WORKSPACE_ID: z.string().min(1),
  MOLECULE_AGENT_NAME: text.optional(),
  MOLECULE_AGENT_ROLE: text.optional(),
  MODEL: text.optional(),
});

/** Throws a RangeError that names the variables. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): AgentSettings {
  const parsed = Environment.safeParse(env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new RangeError(`Cannot use the environment: ${faults.join('; ')}`);
  }
  return {
    port: parsed.data.AGENT_PORT,
    configs: parsed.data.WORKSPACE_CONFIG_PATH,
    workspaceID: parsed.data.WORKSPACE_ID,
    agentName: parsed.data.MOLECULE_AGENT_NAME,
    role: parsed.data.MOLECULE_AGENT_ROLE,
    model: parsed.data.MODEL,
  };
}
