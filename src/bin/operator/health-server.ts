import type { Registry } from '@prometheus-io/client';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Check } from './health-checks.ts';

export interface HealthServerOptions {
  readonly registry: Registry;
  /** Called before the metrics are read. */
  readonly measure: () => void;
  readonly liveness: () => readonly Check[];
  readonly readiness: () => readonly Check[];
}

/** /metrics for Prometheus, /healthz and /readyz for probes. `?verbose` lists every check, as Kubernetes' own programs do. */
export function createHealthServer(options: HealthServerOptions): FastifyInstance {
  const { registry, measure, liveness, readiness } = options;
  const app = fastify({ forceCloseConnections: true });
  app.get('/healthz', (request, reply) => answer('healthz', liveness(), { request, reply }));
  app.get('/readyz', (request, reply) => answer('readyz', readiness(), { request, reply }));
  app.get('/metrics', async (_request, reply) => {
    measure();
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  return app;
}

async function answer(
  name: string,
  checks: readonly Check[],
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<FastifyReply> {
  const results = await Promise.all(checks.map(async (check) => ({ name: check.name, fault: await check.run() })));
  const lines = results.map(({ name: check, fault }) =>
    fault === undefined ? `[+]${check} ok` : `[-]${check} failed: ${fault}`,
  );
  const isPassed = results.every(({ fault }) => fault === undefined);
  const isVerbose = Object.hasOwn(request.query as object, 'verbose');
  reply.code(isPassed ? 200 : 503).type('text/plain; charset=utf-8');
  if (isPassed && !isVerbose) return reply.send('ok\n');
  return reply.send(`${[...lines, `${name} check ${isPassed ? 'passed' : 'failed'}`].join('\n')}\n`);
}
