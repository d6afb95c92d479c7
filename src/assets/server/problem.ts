import type { FastifyReply } from 'fastify';

/** RFC 9457. The text is for the person who reads the Pod's log; it never says more than the caller may know. */
export interface Problem {
  readonly status: 400 | 401 | 403 | 404 | 413 | 416 | 500 | 503;
  readonly title: string;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}

export const PROBLEMS = {
  unauthenticated: { status: 401, title: 'Unauthorized', detail: 'A projected token for this audience is needed' },
  forbidden: { status: 403, title: 'Forbidden', detail: 'This Pod may not have this tree' },
  notFound: { status: 404, title: 'Not Found', detail: 'There is nothing here' },
  notHere: {
    status: 404,
    title: 'Not Found',
    detail: 'The tree is not here (any more); it is being fetched',
    retryAfterSeconds: 5,
  },
  badReport: { status: 400, title: 'Bad Request', detail: 'This is not a report' },
  tooLarge: { status: 413, title: 'Content Too Large', detail: 'A report has at most 256 KiB' },
  noSuchRange: { status: 416, title: 'Range Not Satisfiable', detail: 'The tree has fewer bytes than that' },
  cannotReview: {
    status: 503,
    title: 'Service Unavailable',
    detail: 'The token cannot be checked now',
    retryAfterSeconds: 2,
  },
  busy: { status: 503, title: 'Service Unavailable', detail: 'Too many transfers at once', retryAfterSeconds: 1 },
  broken: { status: 500, title: 'Internal Server Error', detail: 'The request could not be answered' },
} as const satisfies Record<string, Problem>;

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { retryAfterSeconds, ...body } = problem;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', ...body }));
}
