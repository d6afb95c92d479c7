import { Readable } from 'node:stream';
import {
  A2A_VERSION_HEADER,
  AGENT_CARD_PATH,
  AgentCard,
  formatSSEErrorEvent,
  formatSSEEvent,
  SSE_HEADERS,
} from '@a2a-js/sdk';
import {
  type AgentExecutor,
  DefaultRequestHandler,
  InMemoryTaskStore,
  JsonRpcTransportHandler,
  ServerCallContext,
  validateVersion,
} from '@a2a-js/sdk/server';
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Logger } from '../platform/log.ts';
import { agentCard } from './agent-card.ts';
import type { AgentProfile } from './profile.ts';

/** An agent as it started: whole, or with the reason why it must not be talked to. */
export type Agent =
  | { readonly kind: 'ready'; readonly profile: AgentProfile; readonly executor: AgentExecutor }
  | { readonly kind: 'notReady'; readonly reason: string };

const PARSE_ERROR = -32_700;
const INTERNAL_ERROR = -32_603;

/**
 * The HTTP side of an A2A 1.0 agent, without listening: the card, JSON-RPC on `/`, and `/healthz`. While the agent is not ready,
 * all three answer 503 with the reason, so that a readiness probe may use any of them.
 */
export function createAgentApp(agent: Agent, log: Logger): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance,
    logController: new fastify.LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    const isTheirs = status < 500;
    if (!isTheirs) request.log.error({ err: error }, 'Cannot answer a request');
    const code = isTheirs ? PARSE_ERROR : INTERNAL_ERROR;
    return reply.code(status).send(rpcError(code, isTheirs ? error.message : 'Internal error'));
  });
  if (agent.kind === 'notReady') {
    app.all('*', async (_request, reply) => reply.code(503).send({ status: 'not ready', reason: agent.reason }));
    return app;
  }
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get(`/${AGENT_CARD_PATH}`, async (request) => AgentCard.toJSON(agentCard(agent.profile, baseURL(request))));
  app.post('/', jsonRpc(agent));
  return app;
}

function jsonRpc(
  agent: Agent & { readonly kind: 'ready' },
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  const card = agentCard(agent.profile, '/');
  const handler = new JsonRpcTransportHandler(new DefaultRequestHandler(card, new InMemoryTaskStore(), agent.executor));
  return async (request, reply) => {
    const requestedVersion = String(request.headers[A2A_VERSION_HEADER.toLowerCase()] ?? '');
    const context = new ServerCallContext(requestedVersion === '' ? {} : { requestedVersion });
    try {
      validateVersion(context.requestedVersion, card, 'JSONRPC');
    } catch (error) {
      return { jsonrpc: '2.0', id: null, error: JsonRpcTransportHandler.mapToJSONRPCError(error) };
    }
    const body = request.body;
    const answer = await handler.handle(
      typeof body === 'object' && body !== null ? { ...body } : String(body),
      context,
    );
    if (!(Symbol.asyncIterator in answer)) return answer;
    return reply.headers(SSE_HEADERS).send(Readable.from(serverSentEvents(answer)));
  };
}

/** A stream that fails midway ends with an error event; its status line is long gone. */
async function* serverSentEvents(answers: AsyncIterable<unknown>): AsyncGenerator<string> {
  try {
    for await (const answer of answers) yield formatSSEEvent(answer);
  } catch (error) {
    yield formatSSEErrorEvent({ jsonrpc: '2.0', id: null, error: JsonRpcTransportHandler.mapToJSONRPCError(error) });
  }
}

function rpcError(code: number, message: string): unknown {
  return { jsonrpc: '2.0', id: null, error: { code, message } };
}

function baseURL(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}/`;
}
