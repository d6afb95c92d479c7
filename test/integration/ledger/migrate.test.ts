import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { type MigrateOptions, migrate, migrationStatus } from '../../../src/ledger/migrate.ts';
import { parseLedgerURL } from '../../../src/ledger/postgres/address.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { runOrThrow } from '../../../hack/lib/run.ts';
import { findServerBinaries } from '../../../hack/postgres/server.ts';
import { createDatabase } from '../../support/postgres.ts';
import { holdLock, sql } from './sql.ts';

const DIRECTORY = 'src/ledger/migrations';
const log = createLogger({ name: 'test', level: 'silent' });
const { signal } = new AbortController();
const isEmbedded = inject('postgres').kind === 'embedded';

async function emptyDatabase(): Promise<MigrateOptions> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  return { address: parseLedgerURL(database.url), directory: DIRECTORY, log };
}

describe('migrate', () => {
  it('lets twenty processes migrate at once: all succeed and each migration is applied once', async () => {
    const options = await emptyDatabase('twenty');
    const applied = await Promise.all(Array.from({ length: 20 }, () => migrate(options, signal)));
    expect(applied.flat()).toEqual(['0001_operations']);
    expect(await server.psql('twenty', 'SELECT name FROM molecule.migrations')).toBe('0001_operations');
  });

  it('makes the schema that is kept in git', async () => {
    await migrate(await emptyDatabase('dumped'), signal);
    await expect(await server.dumpSchema('dumped')).toMatchFileSnapshot('./schema.sql');
  });

  it('applies all pending migrations or none', async () => {
    const options = await emptyDatabase('broken');
    const directory = await mkdtemp(join(tmpdir(), 'migrations-'));
    await writeFile(join(directory, '0001_good.sql'), 'CREATE TABLE molecule.good (id int);');
    await writeFile(join(directory, '0002_bad.sql'), 'CREATE TABLE nowhere.bad (id int);');
    const broken = { ...options, directory };
    await expect(migrate(broken, signal)).rejects.toThrow(
      /^Cannot migrate the ledger at postgres:\/\/postgres@127.0.0.1:\d+\/broken: schema "nowhere" does not exist$/,
    );
    expect(await migrationStatus(broken, signal)).toEqual({
      applied: [],
      pending: ['0001_good', '0002_bad'],
      unknown: [],
    });
    expect(await migrate(options, signal)).toEqual(['0001_operations']);
    await rm(directory, { recursive: true });
  });

  it('leaves alone what a newer release has applied', async () => {
    const options = await emptyDatabase('newer');
    await migrate(options, signal);
    await server.psql('newer', `INSERT INTO molecule.migrations (name, run_on) VALUES ('9999_later', now())`);
    expect(await migrate(options, signal)).toEqual([]);
    expect(await migrationStatus(options, signal)).toEqual({
      applied: ['0001_operations', '9999_later'],
      pending: [],
      unknown: ['9999_later'],
    });
  });

  it('changes nothing when it only tells the status', async () => {
    const options = await emptyDatabase('untouched');
    expect(await migrationStatus(options, signal)).toEqual({ applied: [], pending: ['0001_operations'], unknown: [] });
    expect(await server.psql('untouched', `SELECT count(*) FROM pg_namespace WHERE nspname = 'molecule'`)).toBe('0');
  });

  it('says what the role lacks', async () => {
    await emptyDatabase('forbidden');
    await server.psql('postgres', 'CREATE ROLE guest LOGIN');
    const address = parseLedgerURL(server.url('forbidden').replace('postgres:secret-word', 'guest'));
    await expect(migrate({ address, directory: DIRECTORY, log }, signal)).rejects.toThrow(
      'permission denied for database forbidden',
    );
  });

  it('rejects as unavailable when the database does not exist or no server listens, and never names the password', async () => {
    const missing = parseLedgerURL(server.url('missing'));
    const refused = parseLedgerURL('postgres://me:secret-word@127.0.0.1:1/ledger');
    for (const address of [missing, refused]) {
      const error = await migrate({ address, directory: DIRECTORY, log }, signal).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(LedgerUnavailableError);
      expect(String(error)).toContain(address.display);
      expect(String(error)).not.toContain('secret-word');
    }
  });

  it('stops waiting for another process when it is aborted', async () => {
    const options = await emptyDatabase('waiting');
    const holder = server.psql('waiting', `SELECT pg_advisory_lock(7241865325823964); SELECT pg_sleep(30)`);
    const holderEnded = holder.catch((error: unknown) => error);
    const waits = (sql: string) => expect.poll(() => server.psql('waiting', sql), { timeout: 10_000 });
    await waits(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted`).toBe('1');
    const controller = new AbortController();
    const migration = migrate(options, controller.signal);
    const outcome = expect(migration).rejects.toThrow('enough');
    await waits(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`).toBe('1');
    controller.abort(new Error('enough'));
    await outcome;
    await server.psql('postgres', `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'waiting'`);
    await holderEnded;
  });
});
