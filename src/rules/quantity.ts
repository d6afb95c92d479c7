/**
 * Kubernetes quantities as numbers, as far as sizes need them. Exact below 2^53, and beyond that close enough to compare
 * sizes of volumes.
 */

const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const PATTERN = /^(?<digits>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?<suffix>m|k|[MGTPE]|[KMGTPE]i)?$/;

/** undefined for text that is no quantity. */
export function parseQuantity(text: string): number | undefined {
  const { digits, suffix = '' } = PATTERN.exec(text)?.groups ?? {};
  const factor = SUFFIXES[suffix];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

/** Below 0: a is smaller; 0 also when one of them is no quantity, so that nothing is done about it. */
export function compareQuantities(a: string, b: string): number {
  return Math.sign((parseQuantity(a) ?? Number.NaN) - (parseQuantity(b) ?? Number.NaN)) || 0;
}
