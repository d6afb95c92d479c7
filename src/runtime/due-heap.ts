export interface DueEntry {
  readonly key: string;
  readonly dueMs: number;
}

/** Keys by the time at which they are due, earliest first (a binary heap). A key may be in it more than once. */
export class DueHeap {
  #entries: DueEntry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  get earliest(): DueEntry | undefined {
    return this.#entries[0];
  }

  push(entry: DueEntry): void {
    this.#entries.push(entry);
    for (let index = this.#entries.length - 1; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfEarlier(index, parent)) return;
      index = parent;
    }
  }

  /** Takes the earliest entry off. */
  pop(): DueEntry | undefined {
    const [first] = this.#entries;
    const last = this.#entries.pop();
    if (last === undefined || this.#entries.length === 0) return first;
    this.#entries[0] = last;
    for (let index = 0; ; ) {
      const left = index * 2 + 1;
      const child = this.#dueMs(left + 1) < this.#dueMs(left) ? left + 1 : left;
      if (!this.#swapIfEarlier(child, index)) return first;
      index = child;
    }
  }

  retain(isWanted: (entry: DueEntry) => boolean): void {
    const wanted = this.#entries.filter(isWanted);
    this.#entries = [];
    for (const entry of wanted) this.push(entry);
  }

  #dueMs(index: number): number {
    return this.#entries[index]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  #swapIfEarlier(first: number, second: number): boolean {
    const a = this.#entries[first];
    const b = this.#entries[second];
    if (a === undefined || b === undefined || a.dueMs >= b.dueMs) return false;
    this.#entries[first] = b;
    this.#entries[second] = a;
    return true;
  }
}
