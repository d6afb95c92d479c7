import type { Clock } from '../../src/platform/clock.ts';
import { endMs, type Fault, type FaultKind, matches, REPEAT_MS, type Subject } from './faults.ts';

export interface FaultScheduleOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly onBegin: (fault: Fault) => void;
  /** At once when it begins, and again and again while it lasts. */
  readonly onMoment: (fault: Fault) => void;
  readonly onEnd: (fault: Fault) => void;
}

/** Which faults are on now, and how often each has met anything. */
export class FaultSchedule {
  readonly #options: FaultScheduleOptions;
  readonly #active = new Set<Fault>();
  readonly #hits = new Map<Fault, number>();

  constructor(options: FaultScheduleOptions) {
    this.#options = options;
  }

  /** The fault begins at its time; at once where that has come. */
  inject(fault: Fault): void {
    const { clock, onBegin, onMoment, onEnd } = this.#options;
    let cancel = (): void => undefined;
    const happen = (): void => {
      onMoment(fault);
      cancel = clock.schedule(REPEAT_MS, happen);
    };
    const begin = (): void => {
      this.#active.add(fault);
      onBegin(fault);
      happen();
    };
    const delayMs = fault.startMs - clock.monotonicMs();
    if (delayMs > 0) clock.schedule(delayMs, begin);
    else begin();
    clock.schedule(endMs(fault) - clock.monotonicMs(), () => {
      cancel();
      this.#active.delete(fault);
      onEnd(fault);
    });
  }

  /** A fault of this kind that meets the request now. */
  find<K extends FaultKind['kind']>(kind: K, subject: Subject): Extract<Fault, { readonly kind: K }> | undefined {
    for (const fault of this.#active) {
      if (fault.kind === kind && this.meets(fault, subject)) return fault as Extract<Fault, { readonly kind: K }>;
    }
    return undefined;
  }

  /** Whether a fault meets this, by what it is for and by chance. */
  meets(fault: Fault, subject: Subject): boolean {
    const { where } = fault;
    const isMet = matches(where, subject) && (where?.share === undefined || this.#options.random() < where.share);
    if (isMet) this.count(fault, 1);
    return isMet;
  }

  count(fault: Fault, times: number): void {
    this.#hits.set(fault, this.hitsOf(fault) + times);
  }

  hitsOf(fault: Fault): number {
    return this.#hits.get(fault) ?? 0;
  }
}
