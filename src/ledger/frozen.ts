import { RefusedError } from '../runtime/classify.ts';

/** The ledger is not the one, or not as far, as the cluster remembers it. Nothing may be destroyed on its word. */
export function frozen(): RefusedError {
  return new RefusedError(
    'The ledger is older than what the cluster remembers of it, or another one; nothing is destroyed until an administrator has looked: kubectl molecule audit verify',
    { reason: 'LedgerFrozen' },
  );
}
