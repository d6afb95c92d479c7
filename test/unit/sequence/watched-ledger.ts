import type { IntentOutcome } from '../../../src/runtime/plan.ts';
import { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';

export interface WatchedLedgerOptions {
  readonly now: () => Date;
  readonly report: (violation: string) => void;
  /** Told before an operation is closed for the first time. */
  readonly onConclude: (subjectUID: string) => void;
}

/** The ledger in memory, with what the tests of sequences ask it. */
export class WatchedLedger extends MemoryLedger {
  readonly #options: WatchedLedgerOptions;

  constructor(options: WatchedLedgerOptions) {
    super(options);
    this.#options = options;
  }

  /** Operations that were begun and never ended. */
  get open(): readonly string[] {
    return this.operations.filter(({ result }) => result === undefined).map(({ subject }) => subject);
  }

  /** Objects for whose deletion more than one approval was used up. */
  get consumedTwice(): readonly string[] {
    const consumed = this.audit.filter(({ event }) => event === 'APPROVAL_CONSUMED').map(({ subject }) => subject);
    const uids = this.audit.filter(({ event }) => event === 'APPROVAL_CONSUMED').map(({ subjectUID }) => subjectUID);
    return consumed.filter((_subject, index) => uids.indexOf(uids[index] ?? '') !== index);
  }

  isRecorded(uid: string): boolean {
    return this.operations.some(({ subjectUID }) => subjectUID === uid);
  }

  /** An approval was used up for it, or for something that it is part of. */
  isCovered(uid: string): boolean {
    return this.operations.some(({ members }) => members.some((member) => member.uid === uid));
  }

  isDenied(uid: string): boolean {
    return this.approvals.some(({ subjectUID, state }) => subjectUID === uid && state === 'Denied');
  }

  override async conclude(outcome: IntentOutcome): Promise<void> {
    const { report, onConclude } = this.#options;
    const operation = this.operations.find(({ subjectUID }) => subjectUID === outcome.subjectUID);
    if (operation === undefined) return report(`${outcome.subjectUID} was concluded and never recorded`);
    if (operation.result === undefined) onConclude(outcome.subjectUID);
    await super.conclude(outcome);
  }
}
