import { describe, expect, it } from 'vitest';
import { readSettings } from '../../../src/mock-agent/settings.ts';

describe('readSettings', () => {
  it('needs nothing but the id of the workspace', () => {
    expect(readSettings({ WORKSPACE_ID: 'w1' })).toEqual({ port: 8000, configs: '/configs', workspaceID: 'w1' });
  });

  it('takes the names of the platform, and blank ones as absent', () => {
    const env = {
      AGENT_PORT: '8123',
      WORKSPACE_CONFIG_PATH: '/elsewhere',
      WORKSPACE_ID: 'w1',
      MOLECULE_AGENT_NAME: 'Writer',
      MOLECULE_AGENT_ROLE: ' ',
      MODEL: 'opus',
    };
    expect(readSettings(env)).toEqual({
      port: 8123,
      configs: '/elsewhere',
      workspaceID: 'w1',
      agentName: 'Writer',
      model: 'opus',
    });
  });

  it('names every variable that cannot be used', () => {
    expect(() => readSettings({ AGENT_PORT: 'http' })).toThrow(
      /^Cannot use the environment: AGENT_PORT: .*; WORKSPACE_ID: /,
    );
  });
});
