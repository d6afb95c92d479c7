/** What can happen around one effect of an operator: a write to the API or a call of the ledger. */
export type Fault =
  /** The process ends before the effect took place. */
  | 'died before'
  /** The process ends after it, and never learns of it. */
  | 'died after'
  /** It never arrived; the process lives and is told that the connection broke. */
  | 'request lost'
  /** It took place; the process lives and is told that the connection broke. */
  | 'answer lost';

/** Asked once for each effect. */
export type FaultSource = () => Fault | undefined;

export const noFaults: FaultSource = () => undefined;

/** The fault strikes the n-th effect, counted from 1, and no other. */
export function faultAt(n: number, fault: Fault): FaultSource & { readonly effects: () => number } {
  let effects = 0;
  const next = (): Fault | undefined => {
    effects += 1;
    return effects === n ? fault : undefined;
  };
  return Object.assign(next, { effects: () => effects });
}

/** The fault strikes every n-th effect. */
export function faultEvery(n: number, fault: Fault): FaultSource {
  let effects = 0;
  return () => {
    effects += 1;
    return effects % n === 0 ? fault : undefined;
  };
}

const FAULTS: readonly Fault[] = ['died before', 'died after', 'request lost', 'answer lost'];

/** Any fault, for this share of the effects, until `isOver`. */
export function randomFaults(
  random: () => number,
  options: { readonly share: number; readonly isOver: () => boolean },
): FaultSource {
  return () => {
    if (options.isOver() || random() >= options.share) return undefined;
    return FAULTS[Math.floor(random() * FAULTS.length)];
  };
}
