import { identityOf, restorable } from '../../../src/controllers/restoration/restorable.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { ApprovalEffect, IntentOutcome } from '../../../src/runtime/plan.ts';
import { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';

export interface WatchedLedgerOptions {
  readonly now: () => Date;
  readonly report: (violation: string) => void;
  /** Told before an operation is closed for the first time. */
  readonly onConclude: (subjectUID: string) => void;
}

const NEVER = new Date(8.64e15);

/** The ledger in memory, with what the tests of sequences ask it. */
export class WatchedLedger extends MemoryLedger {
  readonly #options: WatchedLedgerOptions;
  /** The newest version of each object that was kept, by uid. */
  readonly #kept = new Map<string, KubeObject>();
  readonly #subjects = new Set<string>();

  constructor(options: WatchedLedgerOptions) {
    super(options);
    this.#options = options;
  }

  /** Operations that were begun and never ended. */
  get open(): readonly string[] {
    return this.operations.filter(({ result }) => result === undefined).map(({ subject }) => subject);
  }

  /** Approvals that were asked for and neither refused, used up nor closed. */
  get waiting(): readonly string[] {
    return this.approvals
      .filter(({ state }) => state === 'Open' || state === 'Approved')
      .map(({ subject, attempt }) => `${subject}, attempt ${attempt}`);
  }

  /** Objects for whose deletion more than one approval was used up, and approvals that more than one operation was begun with. */
  get consumedTwice(): readonly string[] {
    const consumed = this.audit.filter(({ event }) => event === 'APPROVAL_CONSUMED');
    const used = this.operations.flatMap(({ approvalID }) => approvalID ?? []);
    return [...repeated(consumed.map(({ subjectUID }) => subjectUID)), ...repeated(used)];
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

  /** The object as it could be made again now. */
  keptOf(uid: string): KubeObject | undefined {
    return this.#kept.get(uid);
  }

  /** Whether a Workspace that was kept had this incarnation: whoever has it now may be that one, back again. */
  isKept(incarnation: string): boolean {
    return [...this.#kept.values()].some((object) => identityOf(restorable(object)).incarnation === incarnation);
  }

  /** Its time is over, under an approval that was used up. */
  isErasable(claimUID: string): boolean {
    const now = this.#options.now();
    const members = this.operations
      .filter(({ approvalID }) => approvalID !== undefined)
      .flatMap((each) => each.members);
    return members.some((member) => member.claimUID === claimUID && (member.eraseAfter ?? NEVER) <= now);
  }

  override async approve(effect: ApprovalEffect): Promise<void> {
    await super.approve(effect);
    if (effect.kind !== 'snapshot' || this.#subjects.has(effect.subjectUID)) return;
    this.#subjects.add(effect.subjectUID);
    this.#kept.set(effect.object.metadata.uid ?? '', effect.object);
  }

  override async conclude(outcome: IntentOutcome): Promise<void> {
    const { report, onConclude } = this.#options;
    const operation = this.operations.find(({ subjectUID }) => subjectUID === outcome.subjectUID);
    if (operation === undefined) return report(`${outcome.subjectUID} was concluded and never recorded`);
    if (operation.result === undefined) onConclude(outcome.subjectUID);
    await super.conclude(outcome);
  }
}

function repeated(values: readonly string[]): readonly string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
