import { type Message, Role } from '@a2a-js/sdk';
import { AgentEvent, type AgentExecutor, type ExecutionEventBus, type RequestContext } from '@a2a-js/sdk/server';
import type { AgentProfile } from './profile.ts';
import type { AgentSettings } from './settings.ts';

export interface ExecutorOptions {
  readonly profile: AgentProfile;
  readonly settings: AgentSettings;
  readonly newID: () => string;
}

/** Answers every message at once with who it is and what it can do; what a real runtime's model would say is not its business. */
export function createExecutor({ profile, settings, newID }: ExecutorOptions): AgentExecutor {
  const text = introduction(profile, settings);
  return {
    execute: async (request: RequestContext, bus: ExecutionEventBus) => {
      const answer: Message = {
        messageId: newID(),
        contextId: request.contextId,
        taskId: '',
        role: Role.ROLE_AGENT,
        parts: [
          { content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: 'text/plain' },
        ],
        metadata: undefined,
        extensions: [],
        referenceTaskIds: [],
      };
      bus.publish(AgentEvent.message(answer));
      bus.finished();
    },
    cancelTask: async (taskId: string) => {
      throw new Error(`Cannot cancel task "${taskId}": messages are answered at once, there are no tasks`);
    },
  };
}

export function introduction(profile: AgentProfile, settings: AgentSettings): string {
  const agentName =
    settings.agentName === undefined || settings.agentName === profile.name ? '' : ` as "${settings.agentName}"`;
  const skills = profile.skills.map((skill) => `${skill.name} (${skill.description})`).join('; ');
  return [
    `I am "${profile.name}", at work in workspace ${settings.workspaceID}${agentName}.`,
    ...(settings.role === undefined ? [] : [`My role: ${settings.role}.`]),
    ...(settings.model === undefined ? [] : [`My model: ${settings.model}.`]),
    skills === '' ? 'I found no skills.' : `My skills: ${skills}.`,
  ].join(' ');
}
