import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { runOrThrow } from '../../../hack/lib/run.ts';
import { findServerBinaries } from '../../../hack/postgres/server.ts';
import { type MigrateOptions, migrate, migrationStatus } from '../../../src/ledger/migrate.ts';
import { parseLedgerURL } from '../../../src/ledger/postgres/address.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { createDatabase } from '../../support/postgres.ts';
import { holdLock, sql } from './sql.ts';

const DIRECTORY = 'src/ledger/migrations';
const ALL = ['0001_operations', '0002_identities', '0003_approvals'];
/** node-pg-migrate's own. */
const LOCK = 'SELECT pg_advisory_lock(7241865325823964)';
const isEmbedded = inject('postgres').kind === 'embedded';
const log = createLogger({ name: 'test', level: 'silent' });
const { signal } = new AbortController();

async function emptyDatabase(): Promise<MigrateOptions> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  return { address: parseLedgerURL(database.url), directory: DIRECTORY, log };
}

/** The schema as SQL, without comment lines, settings and blank lines. */
async function dumpSchema(url: string): Promise<string> {
  const args = ['--schema-only', '--no-owner', '--no-privileges', `--dbname=${url}`];
  // Some directories hold links to the server alone; its other programs lie where the server really is.
  const postgres = await realpath(join((await findServerBinaries()) ?? '', 'postgres'));
  const dump = await runOrThrow(join(dirname(postgres), 'pg_dump'), args);
  const lines = dump.split('\n').filter((line) => !/^(--.*|SET .*|SELECT pg_catalog.*|\\.*|)$/.test(line));
  return `${lines.join('\n')}\n`;
}

describe('migrate', () => {
  it('applies what is pending and then finds nothing left', async () => {
    const options = await emptyDatabase();
    expect(await migrate(options, signal)).toEqual(ALL);
    expect(await migrate(options, signal)).toEqual([]);
    expect(await migrationStatus(options, signal)).toEqual({ applied: ALL, pending: [], unknown: [] });
  });

  it('applies all pending migrations or none, and says what is wrong', async () => {
    const options = await emptyDatabase();
    const directory = await mkdtemp(join(tmpdir(), 'migrations-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, '0001_good.sql'), 'CREATE TABLE molecule.good (id int);');
    await writeFile(join(directory, '0002_bad.sql'), 'CREATE TABLE nowhere.bad (id int);');
    const broken = { ...options, directory };
    const text = `Cannot migrate the ledger at ${options.address.display}: schema "nowhere" does not exist`;
    await expect(migrate(broken, signal)).rejects.toThrow(text);
    expect(await migrationStatus(broken, signal)).toMatchObject({ applied: [], pending: ['0001_good', '0002_bad'] });
    expect(await migrate(options, signal)).toEqual(ALL);
  });

  it('leaves alone what a newer release has applied', async () => {
    const options = await emptyDatabase();
    await migrate(options, signal);
    await sql(options.address.url, `INSERT INTO molecule.migrations (name, run_on) VALUES ('9999_later', now())`);
    expect(await migrate(options, signal)).toEqual([]);
    const applied = [...ALL, '9999_later'];
    expect(await migrationStatus(options, signal)).toEqual({ applied, pending: [], unknown: ['9999_later'] });
  });

  it('changes nothing when it only tells the status', async () => {
    const options = await emptyDatabase();
    expect(await migrationStatus(options, signal)).toEqual({ applied: [], pending: ALL, unknown: [] });
    expect(await sql(options.address.url, `SELECT 1 FROM pg_namespace WHERE nspname = 'molecule'`)).toEqual([]);
  });

  it('rejects as unavailable when no server listens, and does not name the password', async () => {
    const address = parseLedgerURL('postgres://me:secret-word@127.0.0.1:1/ledger');
    const error = await migrate({ address, directory: DIRECTORY, log }, signal).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LedgerUnavailableError);
    expect(String(error)).toContain('postgres://me@127.0.0.1:1/ledger: connect ECONNREFUSED');
    expect(String(error)).not.toContain('secret-word');
  });
});

describe.skipIf(isEmbedded)('migrate on a server (not on the embedded Postgres)', () => {
  it('lets twenty processes migrate at once: all succeed and each migration is applied once', async () => {
    const options = await emptyDatabase();
    const applied = await Promise.all(Array.from({ length: 20 }, () => migrate(options, signal)));
    expect(applied.flat()).toEqual(ALL);
    const names = await sql(options.address.url, 'SELECT name FROM molecule.migrations ORDER BY id');
    expect(names).toEqual(ALL.map((name) => ({ name })));
  });

  it('makes the schema that is kept in git', async () => {
    const options = await emptyDatabase();
    await migrate(options, signal);
    await expect(await dumpSchema(options.address.url)).toMatchFileSnapshot('./schema.sql');
  });

  it('says what the role lacks, and does not call that unavailable', async () => {
    const options = await emptyDatabase();
    const guest = `guest_${new URL(options.address.url).pathname.slice(1)}`;
    await sql(options.address.url, `CREATE ROLE ${guest} LOGIN PASSWORD 'guest'`);
    onTestFinished(async () => void (await sql(inject('postgres').url, `DROP ROLE ${guest}`)));
    const url = new URL(options.address.url);
    url.username = guest;
    url.password = 'guest';
    const error = await migrate({ ...options, address: parseLedgerURL(url.href) }, signal).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).not.toBeInstanceOf(LedgerUnavailableError);
    expect(String(error)).toContain('permission denied for database');
  });

  it('rejects as unavailable when the database does not exist yet or the password is wrong', async () => {
    const { address } = await emptyDatabase();
    const missing = new URL('/missing', address.url);
    const stale = new URL(address.url);
    stale.password = 'wrong';
    for (const { href } of [missing, stale]) {
      const migration = migrate({ address: parseLedgerURL(href), directory: DIRECTORY, log }, signal);
      await expect(migration).rejects.toThrow(LedgerUnavailableError);
    }
  });

  it('stops waiting for another process when it is aborted', async () => {
    const options = await emptyDatabase();
    const { url } = options.address;
    const other = await holdLock(url, LOCK);
    const controller = new AbortController();
    const outcome = expect(migrate(options, controller.signal)).rejects.toThrow('enough');
    const waiting = `
      SELECT 1 AS one FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
      WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()`;
    await expect.poll(() => sql(url, waiting), { timeout: 10_000 }).toHaveLength(1);
    controller.abort(new Error('enough'));
    await outcome;
    await other.release();
  });
});
