export interface Recalled<T> {
  readonly value: T;
  /** How long it still holds; 0: it is time to look again. */
  readonly leftMs: number;
  /** In a row, this one included. */
  readonly failures: number;
}

/** What was found out about a key, which holds for a time and only for the cause that it was looked at for. */
export class TimedMemory<T> {
  readonly #now: () => number;
  readonly #entries = new Map<
    string,
    { readonly cause: string; readonly value: T; readonly untilMs: number; readonly failures: number }
  >();

  constructor(now: () => number) {
    this.#now = now;
  }

  recall(key: string, cause: string): Recalled<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry?.cause !== cause) return undefined;
    return { value: entry.value, leftMs: Math.max(0, entry.untilMs - this.#now()), failures: entry.failures };
  }

  note(
    key: string,
    {
      holdsMs,
      ...entry
    }: { readonly cause: string; readonly value: T; readonly holdsMs: number; readonly failures: number },
  ): void {
    this.#entries.set(key, { ...entry, untilMs: this.#now() + holdsMs });
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}
