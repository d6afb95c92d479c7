/** What a suite was asked for. The same seed and number of runs do the same. */
export interface SuiteOptions {
  readonly seed: number;
  /** How many inputs, or attempts. */
  readonly runs: number;
  readonly signal: AbortSignal;
  /** Called now and then with how many runs are over. */
  readonly onProgress?: (done: number) => void;
}

export interface SuiteResult {
  readonly passed: number;
  /** One line for each run that went wrong: what was expected, what came, and by which seed and index it can be had again. */
  readonly failures: readonly string[];
  /** What the runs were, for people: how many were valid, refused, raced. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Hostile input of one kind against the code that must withstand it. Rejects only when it cannot run at all. */
export interface Suite {
  readonly name: string;
  run(options: SuiteOptions): Promise<SuiteResult>;
}
