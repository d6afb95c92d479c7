/** Work that several callers wait for together, by key. */
export interface Flights<T> {
  /**
   * Joins the work under this key, or starts it. A caller whose signal aborts leaves alone; the work itself is aborted
   * when the last one has left.
   */
  join(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
}

interface Flight<T> {
  readonly outcome: Promise<T>;
  readonly controller: AbortController;
  passengers: number;
}

export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>();

  const start = (key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const controller = new AbortController();
    const outcome = work(controller.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    // Every passenger sees a failure; when all have left, nobody is there to see that of the aborted work.
    outcome.catch(() => undefined);
    const flight: Flight<T> = { outcome, controller, passengers: 0 };
    flights.set(key, flight);
    return flight;
  };

  return {
    join: async (key, work, signal) => {
      signal.throwIfAborted();
      const flight = flights.get(key) ?? start(key, work);
      flight.passengers += 1;
      const left = Promise.withResolvers<never>();
      const leave = (): void => left.reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
      try {
        return await Promise.race([flight.outcome, left.promise]);
      } finally {
        signal.removeEventListener('abort', leave);
        flight.passengers -= 1;
        if (flight.passengers === 0) {
          if (flights.get(key) === flight) flights.delete(key);
          flight.controller.abort(signal.reason);
        }
      }
    },
  };
}
