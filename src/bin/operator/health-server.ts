import type { Registry } from '@prometheus-io/client';
import { type FastifyInstance, fastify } from 'fastify';

export interface HealthServerOptions {
  readonly registry: Registry;
  /** Kinds that are not in step with the apiserver; empty when ready. */
  readonly unhealthyKinds: () => readonly string[];
}

/**
 * /metrics for Prometheus, /healthz (the process answers) and /readyz (every watch is in step). An apiserver that is down
 * makes us not ready but never unhealthy: restarting would not help it.
 */
export function createHealthServer({ registry, unhealthyKinds }: HealthServerOptions): FastifyInstance {
  const app = fastify({ forceCloseConnections: true });
  app.get('/healthz', async () => 'ok\n');
  app.get('/readyz', async (_request, reply) => {
    const kinds = unhealthyKinds();
    return kinds.length === 0 ? 'ok\n' : reply.code(503).send(`Not in step with the apiserver: ${kinds.join(', ')}\n`);
  });
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  return app;
}
