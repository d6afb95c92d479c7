const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000 };

/**
 * Milliseconds of a duration as the CRDs accept it: hours, minutes and seconds such as `1h30m`. Throws a RangeError for
 * anything else; the apiserver lets nothing else in.
 */
export function parseDurationMs(text: string): number {
  if (!/^(\d+h)?(\d+m)?(\d+s)?$/.test(text) || text === '') {
    throw new RangeError(`Cannot read the duration "${text}": write hours, minutes and seconds such as 1h30m`);
  }
  return [...text.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (UNITS_MS[unit ?? ''] ?? 0),
    0,
  );
}
