import { inject } from 'vitest';
import type { Ledger } from '../../../src/ledger/port.ts';
import { type LedgerOptions, openLedger } from '../../../src/ledger/postgres/ledger.ts';
import { createSystemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { HeadInMemory } from '../../memory-ledger/head-in-memory.ts';

/** A ledger on this database, remembered by nobody but the test. */
export function openTestLedger(url: string, changes: Partial<LedgerOptions> = {}): Ledger {
  return openLedger({
    url,
    migrations: 'src/ledger/migrations',
    maxConnections: inject('postgres').kind === 'embedded' ? 1 : 5,
    memory: new HeadInMemory(),
    clock: createSystemClock(),
    log: createLogger({ name: 'test', level: 'silent' }),
    ...changes,
  });
}
