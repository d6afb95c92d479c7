/** What can go wrong between an operator and its apiserver, as data: what, when, for how long, and for which requests. */
export type Fault = FaultKind & {
  /** On the server's clock. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Which requests; without it all of them. */
  readonly where?: Where;
};

export interface Where {
  readonly verbs?: readonly Verb[];
  /** As paths spell the kind. */
  readonly plural?: string;
  /** Whose. */
  readonly user?: string;
  /** In (0, 1]: how many of the requests that match, drawn for each. */
  readonly share?: number;
}

/** A watch that asks for the present state first is a watch. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';

export type FaultKind =
  /** Every request that matches is refused. */
  | { readonly kind: 'refusal'; readonly code: number; readonly reason: string; readonly retryAfterSeconds?: number }
  /** The tokens of before are refused from the start; the new ones can be read from their files at the end. */
  | { readonly kind: 'token rotation' }
  /** The connection is reset before the request is served, or after: its write was applied and is never answered. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** Open watches are cut, in the middle of a line. */
  | { readonly kind: 'cut watch' }
  /** No byte arrives any more, in either direction, and the connections stay open. */
  | { readonly kind: 'silence' }
  /** Open watches say nothing any more, their connection does; they stay so. */
  | { readonly kind: 'stuck watch' }
  /** Open watches end with an ERROR event. */
  | { readonly kind: 'error event'; readonly code: number; readonly reason: string }
  /** Open watches hold a line that is no JSON. */
  | { readonly kind: 'garbage' }
  /** The past is forgotten, and watches cannot resume from it. */
  | { readonly kind: 'compaction' }
  /** Lists and first states of watches dribble. */
  | { readonly kind: 'slow list'; readonly everyMs: number }
  /** A kind is not served: 404, and its watches end. */
  | { readonly kind: 'kind gone' }
  /** The server says that it goes away on every connection; open streams may end in peace. */
  | { readonly kind: 'goaway' }
  /** Writes are refused as conflicts. */
  | { readonly kind: 'conflict' };

/** How often a fault that happens at one moment happens again while it lasts. */
export const REPEAT_MS = 3_000;

export function endMs({ startMs, durationMs }: Fault): number {
  return startMs + durationMs;
}

/** What of a request decides which faults it meets. */
export interface Subject {
  readonly verb: Verb;
  readonly plural: string;
  readonly user: string;
}

export function matches(where: Where | undefined, { verb, plural, user }: Subject): boolean {
  if (where?.verbs !== undefined && !where.verbs.includes(verb)) return false;
  if (where?.user !== undefined && where.user !== user) return false;
  return where?.plural === undefined || where.plural === plural;
}
