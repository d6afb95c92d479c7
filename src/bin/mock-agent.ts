#!/usr/bin/env node
import { Command } from 'commander';
import { createAgentApp } from '../mock-agent/app.ts';
import { loadAgent } from '../mock-agent/load-agent.ts';
import { type AgentSettings, readSettings } from '../mock-agent/settings.ts';
import { coerceError } from '../platform/errors.ts';
import { createLogger } from '../platform/log.ts';

const program = new Command('mock-agent')
  .description(
    'An A2A agent for demos and tests: its card lists the skills that it finds in its configuration directory.',
  )
  .addHelpText(
    'after',
    `
Environment:
  WORKSPACE_ID           identity of the workspace; required
  WORKSPACE_CONFIG_PATH  where config.yaml and agent-skills/ lie (default: /configs)
  AGENT_PORT             where it listens (default: 8000)
  MOLECULE_AGENT_NAME    replaces {{CONCIERGE_NAME}} in the name that config.yaml gives

Exit codes: 0 stopped by a signal; 2 the environment cannot be used.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
program.parse();

const log = createLogger({ name: 'mock-agent' });
await serve(settingsOrExit());

async function serve(settings: AgentSettings): Promise<void> {
  const agent = await loadAgent(settings);
  const app = createAgentApp(agent, log);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // As process 1 of a container it gets no default handler. Nothing keeps the process alive once the server is closed.
    process.once(signal, async () => {
      log.info({ signal }, 'Stopping');
      await app.close();
    });
  }
  await app.listen({ host: '0.0.0.0', port: settings.port });
  if (agent.kind === 'ready') log.info({ skills: agent.profile.skills.map(({ id }) => id) }, 'Serving the agent');
  else log.warn({ reason: agent.reason }, 'Not ready until the next start');
}

function settingsOrExit(): AgentSettings {
  try {
    return readSettings(process.env);
  } catch (error) {
    return program.error(coerceError(error).message, { exitCode: 2 });
  }
}
