import type { IntentLog } from '../../../src/runtime/controller.ts';
import type { Intent, IntentOutcome } from '../../../src/runtime/plan.ts';

interface Row {
  readonly intent: Intent;
  outcome?: IntentOutcome;
}

export interface FakeLedgerOptions {
  readonly report: (violation: string) => void;
  /** Told before an operation is closed for the first time. */
  readonly onConclude: (subjectUID: string) => void;
}

/** A ledger in memory that keeps the promises of the real one: both calls may be repeated, and the first word stays. */
export class FakeLedger implements IntentLog {
  readonly #rows = new Map<string, Row>();
  readonly #options: FakeLedgerOptions;

  constructor(options: FakeLedgerOptions) {
    this.#options = options;
  }

  isRecorded(subjectUID: string): boolean {
    return this.#rows.has(subjectUID);
  }

  /** Operations that were begun and never ended. */
  get open(): readonly string[] {
    return [...this.#rows.values()].filter(({ outcome }) => outcome === undefined).map(({ intent }) => intent.subject);
  }

  async record(intent: Intent): Promise<void> {
    if (!this.#rows.has(intent.subjectUID)) this.#rows.set(intent.subjectUID, { intent });
  }

  async conclude(outcome: IntentOutcome): Promise<void> {
    const row = this.#rows.get(outcome.subjectUID);
    const { report, onConclude } = this.#options;
    if (row === undefined) return report(`${outcome.subjectUID} was concluded and never recorded`);
    if (row.outcome === undefined) onConclude(outcome.subjectUID);
    row.outcome ??= outcome;
  }
}
