import { randomUUID } from 'node:crypto';
import type { Agent } from './app.ts';
import { createExecutor } from './executor.ts';
import { type AgentProfile, ProfileError, readProfile } from './profile.ts';
import type { AgentSettings } from './settings.ts';

/**
 * Reads the assets once, as real runtimes do: a change on the volume shows after the next start. Assets that do not make an agent
 * give one that is not ready; a volume that cannot be read throws.
 */
export async function loadAgent(settings: AgentSettings): Promise<Agent> {
  try {
    const profile = withAgentName(await readProfile(settings.configs), settings.agentName);
    return { kind: 'ready', profile, executor: createExecutor({ profile, settings, newID: randomUUID }) };
  } catch (error) {
    if (error instanceof ProfileError) return { kind: 'notReady', reason: error.message };
    throw error;
  }
}

const NAME_PLACEHOLDER = '{{CONCIERGE_NAME}}';

/** A template that many share leaves the name open (TA-26). The file keeps its placeholder: its digest is checked. */
function withAgentName(profile: AgentProfile, agentName: string | undefined): AgentProfile {
  return agentName === undefined ? profile : { ...profile, name: profile.name.replaceAll(NAME_PLACEHOLDER, agentName) };
}
