/** Prints a table for people and, as the last line, one JSON object for programs. */
export function printResult(result: Readonly<Record<string, number>>): void {
  console.table(result);
  console.log(JSON.stringify(result));
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** The smallest value that at least this share of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
