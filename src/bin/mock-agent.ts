#!/usr/bin/env node
import { createAgentApp } from '../mock-agent/app.ts';
import { loadAgent } from '../mock-agent/load-agent.ts';
import { readSettings } from '../mock-agent/settings.ts';
import { createLogger } from '../platform/log.ts';

const log = createLogger({ name: 'mock-agent' });
const settings = readSettings(process.env);
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
