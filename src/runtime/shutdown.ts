export interface ShutdownSignals {
  /** First signal: no new work, let what runs end. */
  readonly stop: AbortSignal;
  /** Second signal, or the grace time is over: end now. */
  readonly kill: AbortSignal;
  /** Both stages at once, for what must not go on. */
  abort(reason: Error): void;
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
      const late = new Error(`${reason.message}: not done within ${options.graceMs / 1000} s`);
      setTimeout(() => kill.abort(late), options.graceMs).unref();
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    options.process.on(signal, () => begin(new Error(`Stopping on ${signal}`)));
  return {
    stop: stop.signal,
    kill: kill.signal,
    abort: (reason) => {
      stop.abort(reason);
      kill.abort(reason);
    },
  };
}
