import { coerceError } from '../platform/errors.ts';

/**
 * Ends a run whose outcome is known. What cannot be cleaned up is said and changes nothing: an agent is not held for it, and
 * the next run removes what this one left on the volume.
 */
export async function cleanUp(
  what: string,
  work: () => void | Promise<void>,
  log: (line: string) => void,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    log(`Cannot clean up ${what}: ${coerceError(error).message}`);
  }
}
