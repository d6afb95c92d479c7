export interface BackoffOptions {
  readonly firstMs: number;
  readonly capMs: number;
  /** In [0, 1); Math.random in production. */
  readonly random: () => number;
}

/** Delay before attempt number `failures` (1 is the first repetition): exponential, capped, with jitter in [50 %, 100 %]. */
export function backoffMs(failures: number, options: BackoffOptions): number {
  const full = Math.min(options.firstMs * 2 ** Math.min(failures - 1, 30), options.capMs);
  return full * (0.5 + options.random() / 2);
}
