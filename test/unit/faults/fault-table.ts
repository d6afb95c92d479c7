import { type Fault, type FaultKind, REPEAT_MS, type Where } from '../../memory-api/faults.ts';
import type { SeededRandom } from './random.ts';

/** A metric that has moved when the fault has met anything. */
export interface Trace {
  readonly metric: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface FaultRow {
  readonly name: string;
  readonly draw: (random: SeededRandom) => FaultKind & { readonly where?: Where };
  /** One of these. */
  readonly traces: readonly Trace[];
  /** Happens at one moment instead of lasting. */
  readonly isSudden?: boolean;
}

const answered = (code: number): Trace => ({ metric: 'rest_client_requests_total', labels: { code: String(code) } });
const broken = (reason: string): Trace => ({ metric: 'molecule_watch_errors_total', labels: { reason } });
const share = (random: SeededRandom): Where => ({ share: 0.3 + random.next() * 0.7 });

function refusal(code: number, reason: string, retryAfterSeconds?: number): FaultRow {
  return {
    name: `${code} ${reason}`,
    draw: (random) => ({
      kind: 'refusal',
      code,
      reason,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      where: share(random),
    }),
    traces: [answered(code)],
  };
}

/** Every fault between an operator and its apiserver, and where it shows. */
export const FAULTS: readonly [FaultRow, ...FaultRow[]] = [
  { name: 'a rotated token', draw: () => ({ kind: 'token rotation' }), traces: [answered(401)] },
  refusal(403, 'Forbidden'),
  refusal(429, 'TooManyRequests', 2),
  refusal(500, 'InternalError'),
  refusal(503, 'ServiceUnavailable'),
  {
    name: 'a reset before the request is served',
    draw: (random) => ({ kind: 'reset', when: 'before', where: share(random) }),
    traces: [answered(0)],
  },
  {
    name: 'a reset after the write was applied',
    draw: (random) => ({
      kind: 'reset',
      when: 'after',
      where: { ...share(random), verbs: ['create', 'patch', 'delete'] },
    }),
    traces: [answered(0)],
  },
  {
    name: 'a watch cut in a line',
    draw: (random) => ({ kind: 'cut watch', where: share(random) }),
    traces: [broken('connection')],
  },
  { name: 'a half-open connection', draw: () => ({ kind: 'silence' }), traces: [broken('connection'), answered(0)] },
  {
    name: 'an ERROR event with code 500',
    draw: (random) => ({ kind: 'error event', code: 500, reason: 'InternalError', where: share(random) }),
    traces: [broken('error_event')],
  },
  {
    name: 'an ERROR event with code 410',
    draw: (random) => ({ kind: 'error event', code: 410, reason: 'Expired', where: share(random) }),
    traces: [broken('expired')],
  },
  {
    name: 'HTTP 410 for a watch',
    draw: () => ({ kind: 'refusal', code: 410, reason: 'Expired', where: { verbs: ['watch'] } }),
    traces: [answered(410)],
  },
  { name: 'a compaction', draw: () => ({ kind: 'compaction' }), traces: [broken('connection')], isSudden: true },
  {
    name: 'garbage in a watch',
    draw: (random) => ({ kind: 'garbage', where: share(random) }),
    traces: [broken('garbage')],
  },
  {
    name: 'a slow list',
    draw: (random) => ({ kind: 'slow list', everyMs: random.between(200, 2_000) }),
    // One that is cut by another fault is not complete, and one that a pass makes itself shows in the time of that pass.
    traces: [
      { metric: 'molecule_watch_list_seconds_sum' },
      { metric: 'molecule_watch_errors_total' },
      { metric: 'controller_runtime_reconcile_time_seconds_sum', labels: { controller: 'approval-request' } },
    ],
  },
  {
    name: 'a kind that is not served for a while',
    draw: (random) => ({ kind: 'kind gone', where: { plural: random.pick(['workspaces', 'orgs', 'pods']) } }),
    traces: [answered(404)],
  },
  { name: 'GOAWAY', draw: () => ({ kind: 'goaway' }), traces: [{ metric: 'molecule_apiserver_connections_total' }] },
  {
    name: 'a storm of conflicts',
    draw: (random) => ({ kind: 'conflict', where: share(random) }),
    traces: [answered(409)],
  },
];

/** A fault that forgets the past shows only to watches that have to resume: it comes with a cut. */
export function withCut(fault: Fault): readonly Fault[] {
  if (fault.kind !== 'compaction') return [fault];
  return [fault, { kind: 'cut watch', startMs: fault.startMs + 500, durationMs: REPEAT_MS }];
}
