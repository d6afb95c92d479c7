import { DatabaseError } from 'pg';
import { coerceError } from '../../platform/errors.ts';
import { RefusedError } from '../../runtime/classify.ts';
import { LedgerUnavailableError } from '../unavailable.ts';
import type { LedgerAddress } from './address.ts';

/**
 * SQLSTATE classes in which the statement is right and the server is not able: 08 connection, 28 and 3D credentials or
 * database (rotated, not there yet), 40 rolled back, 53 resources, 57 shutdown and timeouts, 58 its own I/O.
 */
const UNAVAILABLE_CLASSES: ReadonlySet<string> = new Set(['08', '28', '3D', '40', '53', '57', '58']);
/** lock_not_available; read_only_sql_transaction: a standby, because a failover is under way. */
const UNAVAILABLE_STATES: ReadonlySet<string> = new Set(['55P03', '25006']);

/** What to throw for an error of the driver; everything that no server answered counts as unavailable. Refusals of ours stay. */
export function ledgerFailure(thrown: unknown, address: LedgerAddress): Error {
  const error = coerceError(thrown);
  if (error instanceof LedgerUnavailableError || error instanceof RefusedError || isDefect(error)) return error;
  return new LedgerUnavailableError(`Cannot use the ledger at ${address.display}: ${reasonOf(error)}`, {
    cause: error,
  });
}

function isDefect(error: Error): boolean {
  if (error instanceof DatabaseError) {
    const state = error.code ?? '';
    return !UNAVAILABLE_CLASSES.has(state.slice(0, 2)) && !UNAVAILABLE_STATES.has(state);
  }
  return error instanceof TypeError || error instanceof RangeError;
}

/** A connection that was tried on several addresses fails with an AggregateError, whose own message is empty. */
function reasonOf(error: Error): string {
  if (error.message !== '') return error.message;
  const inner: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return inner.map((member) => coerceError(member).message).join('; ') || error.name;
}
