import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { coerceError } from '../../platform/errors.ts';
import { createLimiter } from '../limiter.ts';
import type { MaterializeReport } from '../report.ts';
import type { OpenBundle } from '../store/bundle-shelf.ts';
import { etagOf, readFirstByte } from './byte-range.ts';
import type { AssetGrant, AuthorizePod, ReviewToken, WorkspaceIdentity } from './identity.ts';
import { PROBLEMS, type Problem, sendProblem } from './problem.ts';
import { decodeReport } from './report-schema.ts';

export interface AssetServerOptions {
  readonly reviewToken: ReviewToken;
  readonly authorize: AuthorizePod;
  /** From the byte `from` on. */
  readonly openBundle: (digest: string, signal: AbortSignal, from: number) => Promise<OpenBundle | undefined>;
  readonly onReport: (workspace: WorkspaceIdentity, report: MaterializeReport) => void;
  /** A tree that a Workspace may have is not in the store (any more): it has to be fetched again. */
  readonly onMissing: (workspace: WorkspaceIdentity) => void;
  /** Failures that the caller only sees as 500 or 503. */
  readonly onError: (error: Error) => void;
  /** Transfers at once, of which each takes a quarter of a MiB however slow it is; ten times as many may wait. @default 256 */
  readonly maxStreams?: number;
  /** A reader that takes nothing for so long is not reading. @default 60 000 */
  readonly stalledMs?: number;
}

const MAX_REPORT_BYTES = 256 * 1024;
/** A Pod needs one; a second covers a transfer that the other side has given up and we have not noticed. */
const STREAMS_PER_POD = 2;

/**
 * The asset server, not listening yet. Every request has to prove with a projected token which Pod it comes from, and
 * gets the one tree that this Pod is meant to have, from the first byte or from where an earlier transfer broke off.
 * Whatever cannot be found out ends in 503, never in an answer; other people's trees and trees that do not exist get the
 * same 403.
 */
export function createAssetServer(options: AssetServerOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_REPORT_BYTES,
    routerOptions: { maxParamLength: 100 },
    // Transfers end before the server does; whoever stops it bounds the time.
    forceCloseConnections: 'idle',
  });
  const { maxStreams = 256, stalledMs = 60_000 } = options;
  const streams = createLimiter({ running: maxStreams, waiting: maxStreams * 10 });
  const perPod = new Map<string, number>();
  const grants = new WeakMap<FastifyRequest, AssetGrant>();

  // Before a body is read: who is not known gets nothing parsed either.
  app.addHook('onRequest', async (request, reply) => {
    // A Pod asks once or twice in its life; a connection that it keeps would keep the end of the server waiting.
    reply.header('connection', 'close');
    const admitted = await admit(request.headers.authorization, options, request.signal);
    if (admitted.kind === 'refused') return sendProblem(reply, admitted.problem);
    grants.set(request, admitted.grant);
    return undefined;
  });

  app.get<{ Params: { digest: string } }>('/v1/assets/:digest', async (request, reply) => {
    const grant = grants.get(request);
    if (grant === undefined || grant.digest !== request.params.digest) return sendProblem(reply, PROBLEMS.forbidden);
    const { digest } = grant;
    const pod = grant.workspace.podUID;
    // Gone while its token was reviewed: its close has been and would never release the place.
    if (reply.raw.closed) return sendProblem(reply, PROBLEMS.busy);
    const own = perPod.get(pod) ?? 0;
    if (own >= STREAMS_PER_POD) return sendProblem(reply, PROBLEMS.busy);
    perPod.set(pod, own + 1);
    reply.raw.once('close', () => release(perPod, pod));
    const leave = await streams.enter(request.signal);
    if (leave === undefined) return sendProblem(reply, PROBLEMS.busy);
    reply.raw.once('close', leave);
    // Slow is not stalled: whoever takes a little now and then gets it all.
    reply.raw.setTimeout(stalledMs, () => reply.raw.destroy());
    const etag = etagOf(digest);
    const resumed = readFirstByte(request.headers, etag);
    const first = resumed ?? 0;
    const bundle = await options.openBundle(digest, request.signal, first);
    if (bundle === undefined) {
      options.onMissing(grant.workspace);
      return sendProblem(reply, PROBLEMS.notHere);
    }
    const { stream, sizeBytes } = bundle;
    reply.headers({ etag, 'accept-ranges': 'bytes' });
    if (resumed !== undefined) {
      if (first >= sizeBytes) {
        stream.destroy();
        return sendProblem(reply.header('content-range', `bytes */${sizeBytes}`), PROBLEMS.noSuchRange);
      }
      reply.code(206).header('content-range', `bytes ${first}-${sizeBytes - 1}/${sizeBytes}`);
    }
    return reply
      .type('application/octet-stream')
      .header('content-length', sizeBytes - first)
      .send(stream);
  });

  app.post('/v1/reports', async (request, reply) => {
    const workspace = grants.get(request)?.workspace;
    if (workspace === undefined) return sendProblem(reply, PROBLEMS.forbidden);
    const report = decodeReport(request.body);
    if (report === undefined) return sendProblem(reply, PROBLEMS.badReport);
    options.onReport(workspace, report);
    return reply.code(204).send();
  });

  app.setNotFoundHandler((_request, reply) => sendProblem(reply, PROBLEMS.notFound));
  app.setErrorHandler((error, _request, reply) => {
    const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
    if (status === 413) return sendProblem(reply, PROBLEMS.tooLarge);
    if (status === 400 || status === 415) return sendProblem(reply, PROBLEMS.badReport);
    options.onError(coerceError(error));
    return sendProblem(reply, PROBLEMS.broken);
  });
  return app;
}

/** One transfer of this Pod less. */
function release(perPod: Map<string, number>, pod: string): void {
  const left = (perPod.get(pod) ?? 1) - 1;
  if (left > 0) perPod.set(pod, left);
  else perPod.delete(pod);
}

type Admission =
  | { readonly kind: 'granted'; readonly grant: AssetGrant }
  | { readonly kind: 'refused'; readonly problem: Problem };

async function admit(
  authorization: string | undefined,
  options: AssetServerOptions,
  signal: AbortSignal,
): Promise<Admission> {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return { kind: 'refused', problem: PROBLEMS.unauthenticated };
  try {
    const pod = await options.reviewToken(token, signal);
    if (pod === 'rejected') return { kind: 'refused', problem: PROBLEMS.unauthenticated };
    const grant = options.authorize(pod);
    return grant === undefined ? { kind: 'refused', problem: PROBLEMS.forbidden } : { kind: 'granted', grant };
  } catch (error) {
    // Not to know who asks is our failure, not theirs: 503, so that they come back (C18).
    options.onError(coerceError(error));
    return { kind: 'refused', problem: PROBLEMS.cannotReview };
  }
}
