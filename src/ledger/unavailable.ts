/** The database could not be reached, did not answer in time, or is going down. Nothing may be destroyed until it is back. */
export class LedgerUnavailableError extends Error {
  override readonly name = 'LedgerUnavailableError';
}
