import { randomUUID } from 'node:crypto';
import type { Agent } from './app.ts';
import { createExecutor } from './executor.ts';
import { ProfileError, readProfile } from './profile.ts';
import type { AgentSettings } from './settings.ts';

/**
 * Reads the assets once, as real runtimes do: a change on the volume shows after the next start. Assets that do not make an agent
 * give one that is not ready; a volume that cannot be read throws.
 */
export async function loadAgent(settings: AgentSettings): Promise<Agent> {
  try {
    const profile = await readProfile(settings.configs);
    return { kind: 'ready', profile, executor: createExecutor({ profile, settings, newID: randomUUID }) };
  } catch (error) {
    if (error instanceof ProfileError) return { kind: 'notReady', reason: error.message };
    throw error;
  }
}
