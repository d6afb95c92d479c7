import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type RunningPostgres, startPostgres } from '../../../hack/postgres/start.ts';
import { IdentityRegistry } from '../../../src/ledger/identity-registry.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import { createSystemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/log.ts';
import type { Intent } from '../../../src/runtime/plan.ts';
import { openTestLedger } from './open.ts';
import { holdLock, sql } from './sql.ts';
import { wire } from './wire.ts';

const isEmbedded = inject('postgres').kind === 'embedded';
const { signal } = new AbortController();
const lines: string[] = [];
const log = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } });
const ACTION = 'delete_workspace';
let dir: string;
let server: RunningPostgres;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ledger-outage-'));
  server = await startPostgres({ dir });
});
afterAll(async () => {
  await server.remove();
});

function open(): Ledger {
  return openTestLedger(server.access.url, { log });
}

function intent(subjectUID: string): Intent {
  return { action: ACTION, subjectUID, subject: 'Workspace acme/writer', detail: {} };
}

async function restart(): Promise<void> {
  server = await startPostgres({ dir, rememberedPort: server.access.port });
}

describe.skipIf(isEmbedded)(
  'the ledger while its database is down (a server of its own, not the embedded Postgres)',
  () => {
    it('opens without it, rejects as unavailable, and migrates as soon as it is there', async () => {
      await server.stop();
      const ledger = open();
      await expect(ledger.prepare(signal)).rejects.toThrow(LedgerUnavailableError);
      await restart();
      await ledger.record(intent('first'), signal);
      expect(await sql(server.access.url, 'SELECT subject_uid FROM molecule.operations')).toEqual([
        { subject_uid: 'first' },
      ]);
      await ledger.close();
    });

    it('outlives an outage: the log tells of it, calls reject as unavailable, and work again when it is over', async () => {
      const ledger = open();
      await ledger.record(intent('second'), signal);
      lines.length = 0;
      await server.stop();
      await expect.poll(() => lines.join(''), { timeout: 10_000 }).toContain('Lost an idle connection to the ledger');
      await expect(ledger.record(intent('third'), signal)).rejects.toThrow(LedgerUnavailableError);
      await restart();
      await ledger.conclude({ action: ACTION, subjectUID: 'second', result: { volume: 'retained' } }, signal);
      expect(lines.join('')).not.toContain(new URL(server.access.url).password);
      await ledger.close();
    });

    it('is not missed by ids: nobody waits for it, and what was claimed meanwhile is its once it is back', async () => {
      await server.stop();
      const ledger = open();
      const stop = new AbortController();
      const clock = createSystemClock();
      const registry = new IdentityRegistry({ ledger, clock, random: () => 0, log, onLost: () => undefined });
      const running = registry.run(stop.signal);
      const id = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';
      registry.submit({ kind: 'claim', id, holderUID: 'uid', holderKind: 'Workspace', holder: 'acme/writer' });
      expect(registry.holderOf(id)).toBeUndefined();
      await expect.poll(() => lines.join(''), { timeout: 10_000 }).toContain('Cannot claim ids in the ledger');
      await restart();
      await expect.poll(() => registry.holderOf(id), { timeout: 10_000 }).toBe('uid');
      stop.abort();
      await running;
      await ledger.close();
    });

    it('rejects as unavailable when the network is cut in the middle of a statement, and connects again', async () => {
      const { url, cut } = await wire(server.access.url);
      const ledger = openTestLedger(url, { log });
      await ledger.prepare(signal);
      const other = await holdLock(server.access.url, 'LOCK TABLE molecule.operations IN ACCESS EXCLUSIVE MODE');
      const outcome = expect(ledger.record(intent('fourth'), signal)).rejects.toThrow(LedgerUnavailableError);
      const waiting = `SELECT 1 AS one FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT%'`;
      await expect.poll(() => sql(server.access.url, waiting), { timeout: 10_000 }).not.toEqual([]);
      cut();
      await outcome;
      await other.release();
      await ledger.record(intent('fourth'), signal);
      await ledger.close();
    });
  },
);
