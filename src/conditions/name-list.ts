const MAX_NAMES = 5;

/** Names for a message: sorted, so that the same ones read the same, and not more than a person reads. */
export function listNames(names: readonly string[]): string {
  const sorted = names.toSorted();
  const shown = sorted.slice(0, MAX_NAMES).join(', ');
  return sorted.length <= MAX_NAMES ? shown : `${shown} and ${sorted.length - MAX_NAMES} more`;
}
