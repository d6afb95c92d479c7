/** Any thrown value as an Error, so that a catch block can log it and pass it on as a cause. */
export function coerceError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`Unexpected value thrown: ${String(thrown)}`, { cause: thrown });
}
