import { type Message, Role } from '@a2a-js/sdk';
import { ClientFactory } from '@a2a-js/sdk/client';
import type { FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAgentApp } from '../../../src/mock-agent/app.ts';
import { loadAgent } from '../../../src/mock-agent/load-agent.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { assets, CONFIG, skill } from './assets.ts';

const FILES = {
  'config.yaml': CONFIG,
  'agent-skills/code-review/SKILL.md': skill('Code review', 'Reviews a change'),
  'agent-skills/release-notes/SKILL.md': skill('Release notes', 'Writes them'),
};

async function start(files: Readonly<Record<string, string>>): Promise<FastifyInstance> {
  const settings = {
    port: 0,
    configs: await assets(files),
    workspaceID: 'ws-42',
    agentName: 'Writer',
    role: 'writes',
    model: 'opus',
  };
  const app = createAgentApp(await loadAgent(settings), createLogger({ name: 'test', level: 'silent' }));
  onTestFinished(() => app.close());
  return app;
}

function hello(): Message {
  return {
    messageId: 'm1',
    contextId: 'c1',
    taskId: '',
    role: Role.ROLE_USER,
    parts: [
      { content: { $case: 'text', value: 'Who are you?' }, metadata: undefined, filename: '', mediaType: 'text/plain' },
    ],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
}

const ANSWER =
  'I am "Claude Code", at work in workspace ws-42 as "Writer". My role: writes. My model: opus. ' +
  'My skills: Code review (Reviews a change); Release notes (Writes them).';

describe('a client of the SDK', () => {
  it('finds the card, sees the skills, and gets an answer, whole and as a stream', async () => {
    const app = await start(FILES);
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const client = await new ClientFactory().createFromUrl(url);
    const card = await client.getAgentCard();
    expect(card).toMatchObject({ name: 'Claude Code', description: 'Writes code', version: '2.1.0' });
    expect(card.supportedInterfaces[0]).toMatchObject({
      url: `${url}/`,
      protocolBinding: 'JSONRPC',
      protocolVersion: '1.0',
    });
    expect(card.skills.map(({ id, name }) => [id, name])).toEqual([
      ['code-review', 'Code review'],
      ['release-notes', 'Release notes'],
    ]);

    const request = { tenant: '', message: hello(), configuration: undefined, metadata: undefined };
    expect(await client.sendMessage(request)).toMatchObject({
      contextId: 'c1',
      role: Role.ROLE_AGENT,
      parts: [{ content: { $case: 'text', value: ANSWER } }],
    });
    const events: unknown[] = [];
    for await (const event of client.sendMessageStream(request)) events.push(event);
    expect(events).toMatchObject([
      { payload: { $case: 'message', value: { parts: [{ content: { value: ANSWER } }] } } },
    ]);
  });
});

describe('the agent over HTTP', () => {
  it('serves a card of A2A 1.0 that leads back to where it was read', async () => {
    const app = await start(FILES);
    const reply = await app.inject({ url: '/.well-known/agent-card.json', headers: { host: '10.1.2.3:8000' } });
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toEqual({
      name: 'Claude Code',
      description: 'Writes code',
      version: '2.1.0',
      supportedInterfaces: [{ url: 'http://10.1.2.3:8000/', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
      capabilities: { streaming: true, pushNotifications: false },
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      skills: [
        { id: 'code-review', name: 'Code review', description: 'Reviews a change', tags: ['code-review'] },
        { id: 'release-notes', name: 'Release notes', description: 'Writes them', tags: ['release-notes'] },
      ],
    });
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
  });

  it.each([
    [
      'another version of the protocol',
      { 'a2a-version': '0.3' },
      '{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{}}',
      200,
      -32009,
    ],
    [
      'a method that does not exist',
      { 'a2a-version': '1.0' },
      '{"jsonrpc":"2.0","id":1,"method":"Nothing","params":{}}',
      200,
      -32601,
    ],
    ['a body that is not JSON', { 'a2a-version': '1.0' }, '{', 400, -32700],
    [
      'the cancelling of a task that does not exist',
      { 'a2a-version': '1.0' },
      '{"jsonrpc":"2.0","id":1,"method":"CancelTask","params":{"id":"t"}}',
      200,
      -32001,
    ],
  ])('answers %s with a JSON-RPC error', async (_name, headers, payload, status, code) => {
    const app = await start(FILES);
    const reply = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/json', ...headers },
      payload,
    });
    expect([reply.statusCode, reply.json().error.code]).toEqual([status, code]);
  });

  it.each(['/healthz', '/.well-known/agent-card.json'])('is not ready on a stub, and %s says why', async (url) => {
    const app = await start({ 'config.yaml': 'runtime: claude-code' });
    const reply = await app.inject(url);
    expect(reply.statusCode).toBe(503);
    expect(reply.json()).toEqual({ status: 'not ready', reason: expect.stringContaining('config.yaml: name: ') });
  });

  it('does not answer messages on a stub', async () => {
    const app = await start({});
    expect((await app.inject({ method: 'POST', url: '/', payload: {} })).statusCode).toBe(503);
  });
});

describe('a template that leaves the name open', () => {
  it('gives the agent the name of its workspace (TA-26)', async () => {
    const app = await start({ 'config.yaml': "name: 'I am {{CONCIERGE_NAME}}'\n" });
    const card = await app.inject('/.well-known/agent-card.json');
    expect(card.json()).toMatchObject({ name: 'I am Writer' });
  });
});
