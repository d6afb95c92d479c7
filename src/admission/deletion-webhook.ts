import type { Server } from 'node:https';
import { type FastifyInstance, fastify } from 'fastify';
import { OPERATOR_USER } from '../apis/v1alpha1/names.ts';
import { untilAborted } from '../kube/deadline.ts';
import type { Ledger } from '../ledger/port.ts';
import type { Clock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import { countsAsAsker } from '../rules/approval/askers.ts';
import type { ServingPair } from './certificate.ts';
import { type DeletionReview, decodeDeletionReview, encodeAnswer } from './deletion-review.ts';

export interface DeletionWebhookOptions {
  readonly ledger: Pick<Ledger, 'addAsker'>;
  readonly clock: Clock;
  /** Told of what was not recorded; the asker only sees a warning. */
  readonly onError: (error: Error) => void;
}

export interface DeletionWebhook {
  readonly app: FastifyInstance<Server>;
  /** From now on new connections are served with this pair; those that are open go on with theirs. */
  use(pair: ServingPair): void;
}

export const WEBHOOK_PATH = '/asked';

/** The apiserver waits for one second; the rest of it is the way there and back. */
const RECORD_MS = 700;
/** What the apiserver itself takes for one object, and its frame. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Whoever takes longer to send a review is not the apiserver, which has given up long before. */
const REQUEST_MS = 2_000;
const MIN_VERSION = 'TLSv1.2';

const NOT_RECORDED =
  'Who asks for this deletion could not be recorded: it may take an approver with the verb approve-unattributed';

/**
 * Writes down who asks for a deletion, before the answer. It never refuses anything and answers in time whatever the ledger
 * does: without it, or past it, a deletion is only unattributed, which is harder to approve. Anybody who reaches its port can
 * add a name to those who are kept from approving; nobody can take one away.
 */
export function createDeletionWebhook(options: DeletionWebhookOptions): DeletionWebhook {
  const app = fastify({
    https: {
      minVersion: MIN_VERSION,
      handshakeTimeout: REQUEST_MS,
      connectionsCheckingInterval: REQUEST_MS / 2,
      headersTimeout: REQUEST_MS,
    },
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: true,
  });
  app.post(WEBHOOK_PATH, async (request, reply) => {
    const review = decodeDeletionReview(request.body);
    if (review === undefined) return reply.code(400).send({ message: 'Only reviews of a DELETE are answered here' });
    return encodeAnswer(review, await record(review, options));
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ message: `Only POST ${WEBHOOK_PATH} is served` }));
  return {
    app,
    use: ({ certificate, key }) => app.server.setSecureContext({ cert: certificate, key, minVersion: MIN_VERSION }),
  };
}

/** Returns what the asker is warned of. */
async function record(review: DeletionReview, options: DeletionWebhookOptions): Promise<readonly string[]> {
  const { isDryRun, userName, objectUID } = review;
  if (isDryRun || userName === OPERATOR_USER || !countsAsAsker(userName)) return [];
  const { ledger, clock, onError } = options;
  const deadline = new AbortController();
  const cancel = clock.schedule(RECORD_MS, () =>
    deadline.abort(new Error(`The ledger took no asker within ${RECORD_MS} ms`)),
  );
  try {
    // Not left to the ledger: one that hangs must not keep a deletion from its answer.
    await untilAborted(ledger.addAsker(objectUID, userName, deadline.signal), deadline.signal);
    return [];
  } catch (error) {
    onError(coerceError(error));
    return [NOT_RECORDED];
  } finally {
    cancel();
  }
}
