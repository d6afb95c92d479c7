import type { AgentCard } from '@a2a-js/sdk';
import { A2A_PROTOCOL_VERSION } from '@a2a-js/sdk';
import type { AgentProfile } from './profile.ts';

const TEXT = 'text/plain';

/** The card of A2A 1.0. `url` is where its reader reached the agent: a Pod does not know its own address. */
export function agentCard(profile: AgentProfile, url: string): AgentCard {
  return {
    name: profile.name,
    description: profile.description,
    version: profile.version,
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: A2A_PROTOCOL_VERSION, tenant: '' }],
    provider: undefined,
    capabilities: { streaming: true, pushNotifications: false, extensions: [] },
    securitySchemes: {},
    securityRequirements: [],
    defaultInputModes: [TEXT],
    defaultOutputModes: [TEXT],
    skills: profile.skills.map((skill) => ({
      ...skill,
      tags: [skill.id],
      examples: [],
      inputModes: [],
      outputModes: [],
      securityRequirements: [],
    })),
    signatures: [],
  };
}
