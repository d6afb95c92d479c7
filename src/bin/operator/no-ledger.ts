import type { Ledger } from '../../ledger/port.ts';
import { LedgerUnavailableError } from '../../ledger/unavailable.ts';

/** Stands in where LEDGER_URL is not set: whatever would be destroyed waits (fail closed). */
export function withoutLedger(): Ledger {
  const refuse = async (): Promise<never> => {
    throw new LedgerUnavailableError('No ledger is configured; set LEDGER_URL');
  };
  return {
    prepare: refuse,
    approve: refuse,
    readCase: refuse,
    readSnapshot: refuse,
    addAsker: refuse,
    mayErase: refuse,
    record: refuse,
    conclude: refuse,
    holders: refuse,
    claim: refuse,
    release: refuse,
    close: async () => undefined,
  };
}
