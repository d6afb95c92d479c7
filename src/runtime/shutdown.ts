export interface ShutdownSignals {
  /** First signal: no new work, let what runs end. */
  readonly stop: AbortSignal;
  /** Second signal, or the grace time is over: end now. */
  readonly kill: AbortSignal;
  /** As a signal would: the first stage, or the second where the first has begun. */
  begin(reason: Error): void;
}

/** Two-stage shutdown on SIGTERM and SIGINT. The grace time is counted from the first. */
export function createShutdown(options: {
  readonly process: Pick<NodeJS.Process, 'on'>;
  readonly graceMs: number;
}): ShutdownSignals {
  const stop = new AbortController();
  const kill = new AbortController();
  const begin = (reason: Error): void => {
    if (stop.signal.aborted) kill.abort(reason);
    else {
      stop.abort(reason);
      setTimeout(() => kill.abort(reason), options.graceMs).unref();
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    options.process.on(signal, () => begin(new Error(`Stopping on ${signal}`)));
  return { stop: stop.signal, kill: kill.signal, begin };
}
