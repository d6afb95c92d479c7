import { type MaterializeReport, REPORTED_CHANGES } from '../../assets/report.ts';
import { keptBy } from './kept-versions.ts';
import type { ReceivedReport } from './snapshot.ts';

interface Entry {
  readonly shown: ReceivedReport;
  /** What came since, as one. */
  readonly waiting?: ReceivedReport;
  /** When that takes its place; monotonic. */
  readonly closedUntilMs: number;
}

/** Agents may restart, and so report, as often as they like; status follows no faster than this. */
const INTERVAL_MS = 10_000;

/**
 * The last report of each Workspace since the operator started. What is shown of one changes at most once in ten seconds, so
 * that reports alone never cost more than one status write in that time. What is older stands in the Workspace's status:
 * losing this loses nothing that was told already.
 */
export class ReportInbox {
  readonly #nowMs: () => number;
  readonly #entries = new Map<string, Entry>();

  /** `nowMs` never goes back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Returns in how many milliseconds `get` shows it. */
  put(workspaceUID: string, received: ReceivedReport): number {
    const nowMs = this.#nowMs();
    const entry = this.#entries.get(workspaceUID);
    if (entry === undefined || (entry.waiting === undefined && entry.closedUntilMs <= nowMs)) {
      this.#entries.set(workspaceUID, { shown: received, closedUntilMs: nowMs + INTERVAL_MS });
      return 0;
    }
    const waiting = entry.waiting === undefined ? received : merge(entry.waiting, received);
    this.#entries.set(workspaceUID, { ...entry, waiting });
    return Math.max(0, entry.closedUntilMs - nowMs);
  }

  get(workspaceUID: string): ReceivedReport | undefined {
    const nowMs = this.#nowMs();
    const entry = this.#entries.get(workspaceUID);
    if (entry?.waiting === undefined) return entry?.shown;
    if (entry.closedUntilMs > nowMs) return { ...entry.shown, moreInMs: entry.closedUntilMs - nowMs };
    this.#entries.set(workspaceUID, { shown: entry.waiting, closedUntilMs: nowMs + INTERVAL_MS });
    return entry.waiting;
  }

  forget(workspaceUID: string): void {
    this.#entries.delete(workspaceUID);
  }
}

/** Restarts that nobody was told of become one: the last of them, with what all of them changed. */
function merge(earlier: ReceivedReport, later: ReceivedReport): ReceivedReport {
  const isSameTree =
    earlier.podUID === later.podUID &&
    earlier.report.wantedDigest === later.report.wantedDigest &&
    hasHealed(earlier.report) &&
    hasHealed(later.report);
  const kept = keptBy(earlier);
  // A run that was held back, or failed, says nothing of what the one before it moved aside.
  if (!isSameTree) return kept.length === 0 ? later : { ...later, keptEarlier: kept };
  const changes = [...later.report.changes, ...earlier.report.changes];
  const changesTotal = earlier.report.changesTotal + later.report.changesTotal;
  const outcome = changesTotal > 0 ? 'changed' : 'unchanged';
  const keptEarlier = earlier.keptEarlier === undefined ? {} : { keptEarlier: earlier.keptEarlier };
  return {
    ...later,
    ...keptEarlier,
    report: { ...later.report, outcome, changes: changes.slice(0, REPORTED_CHANGES), changesTotal },
  };
}

function hasHealed({ outcome }: MaterializeReport): boolean {
  return outcome === 'changed' || outcome === 'unchanged';
}
