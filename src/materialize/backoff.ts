/**
 * Neither the kubelet's back-off nor the agent's exit code survives an in-place restart of all containers, so an agent that
 * crashes at once would be started several times a second. The state of this file lies in the init container's own
 * directory and counts starts that follow too soon upon each other.
 */
export interface BackoffState {
  /** Starts in a row that came sooner than SETTLED_MS after the one before. */
  readonly quickRestarts: number;
  /** When the agent was last let start; milliseconds since the epoch. */
  readonly lastStartMs: number;
}

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;
/** An agent that ran this long is not in a crash loop. */
const SETTLED_MS = 600_000;

export type BackoffVerdict =
  /** `next` is to be stored when the agent is let start, and only then. */
  | { readonly kind: 'start'; readonly next: BackoffState }
  | { readonly kind: 'wait'; readonly remainingMs: number; readonly quickRestarts: number };

/** 1 s after the first quick restart, doubling to 60 s. A clock that went back never holds an agent up. */
export function decideBackoff(state: BackoffState | undefined, nowMs: number): BackoffVerdict {
  const fresh: BackoffVerdict = { kind: 'start', next: { quickRestarts: 0, lastStartMs: nowMs } };
  if (state === undefined) return fresh;
  const sinceMs = nowMs - state.lastStartMs;
  if (sinceMs < 0 || sinceMs >= SETTLED_MS) return fresh;
  const quickRestarts = state.quickRestarts + 1;
  const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(quickRestarts - 1, 16));
  if (sinceMs < delayMs) return { kind: 'wait', remainingMs: delayMs - sinceMs, quickRestarts };
  return { kind: 'start', next: { quickRestarts, lastStartMs: nowMs } };
}

export function encodeBackoff(state: BackoffState): string {
  return `${JSON.stringify(state)}\n`;
}

/** undefined for text that is no state. */
export function decodeBackoff(text: string): BackoffState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('quickRestarts' in value) || !('lastStartMs' in value))
    return undefined;
  const { quickRestarts, lastStartMs } = value;
  if (!Number.isSafeInteger(quickRestarts) || !Number.isSafeInteger(lastStartMs)) return undefined;
  return { quickRestarts: Number(quickRestarts), lastStartMs: Number(lastStartMs) };
}
