import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pickPorts } from '../../../hack/lib/ports.ts';
import { assets, CONFIG } from './assets.ts';

describe('the program mock-agent', () => {
  it('serves on the port it is told and ends with 0 on SIGTERM', async () => {
    const { agent: port } = await pickPorts(['agent']);
    const env = {
      ...process.env,
      AGENT_PORT: String(port),
      WORKSPACE_CONFIG_PATH: await assets({ 'config.yaml': CONFIG }),
      WORKSPACE_ID: 'w',
    };
    const child = spawn(process.execPath, ['src/bin/mock-agent.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exit = once(child, 'exit');
    for await (const line of createInterface(child.stdout)) if (line.includes('Serving the agent')) break;
    const url = `http://127.0.0.1:${port}/healthz`;
    expect((await fetch(url)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });
});
