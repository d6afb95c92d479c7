import 'reflect-metadata';
import { KeyObject } from 'node:crypto';
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509CertificateGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { type RunningPostgres, startPostgres } from '../../../hack/postgres/start.ts';
import { makeServingPair, type ServingPair } from '../../../src/admission/certificate.ts';
import { parseLedgerURL } from '../../../src/ledger/postgres/address.ts';
import { createPool } from '../../../src/ledger/postgres/connect.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { sql } from './sql.ts';

const isEmbedded = inject('postgres').kind === 'embedded';
const log = createLogger({ name: 'test', level: 'silent' });
let server: RunningPostgres;
/** With the certificates, for clients. */
let files: string;
/** Of the server. */
let data: string;

/** A server that takes nothing but TLS, and from the user `certified` nothing but the certificate of that name. */
beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'ledger-tls-'));
  server = await startPostgres({ dir: join(files, 'server') });
  if (isEmbedded) return;
  const { url } = server.access;
  const [row] = await sql(url, 'SHOW data_directory');
  data = String(row?.data_directory);
  await keep('right', await serve('localhost'));
  await keep('wrong', await makePair('localhost'));
  const own = await makeClientPair('certified');
  await keep('client', own);
  await give('client-ca.crt', own.certificate);
  await sql(url, 'CREATE ROLE certified LOGIN');
  await sql(url, 'ALTER SYSTEM SET ssl = on');
  await sql(url, `ALTER SYSTEM SET ssl_ca_file = 'client-ca.crt'`);
  const access = await readFile(join(data, 'pg_hba.conf'), 'utf8');
  const secured = access.replace(/^host( +all +all +127)/m, 'hostssl$1');
  await writeFile(join(data, 'pg_hba.conf'), `hostssl all certified 127.0.0.1/32 cert\n${secured}`);
  await sql(url, 'SELECT pg_reload_conf()');
  await waitFor(async () => (await connect({ sslmode: 'disable' })).includes('no encryption'), {
    what: 'the server to insist on TLS',
    timeoutMs: 10_000,
  });
});
afterAll(async () => {
  await server.remove();
  await rm(files, { recursive: true });
});

function makePair(host: string): Promise<ServingPair> {
  return makeServingPair({
    hosts: [host],
    from: new Date(Date.now() - 60_000),
    until: new Date(Date.now() + 3_600_000),
  });
}

async function makeClientPair(user: string): Promise<ServingPair> {
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({ name: `CN=${user}`, keys, signingAlgorithm });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certificate: certificate.toString('pem'), key };
}

/** The certificate of the server from its next reload on. */
async function serve(host: string): Promise<ServingPair> {
  const pair = await makePair(host);
  await give('server.crt', pair.certificate);
  await give('server.key', pair.key);
  return pair;
}

async function give(name: string, text: string): Promise<void> {
  const { uid, gid } = await stat(join(data, 'PG_VERSION'));
  const file = join(data, name);
  await writeFile(file, text);
  await chmod(file, 0o600);
  await chown(file, uid, gid);
}

async function keep(name: string, { certificate, key }: ServingPair): Promise<void> {
  await writeFile(join(files, `${name}.crt`), certificate);
  await writeFile(join(files, `${name}.key`), key, { mode: 0o600 });
}

/** Who is logged in and how, or why nobody is. Files are named without their directory. */
async function connect(query: Readonly<Record<string, string>>, user?: string): Promise<string> {
  const url = new URL(server.access.url);
  url.hostname = 'localhost';
  if (user !== undefined) {
    url.username = user;
    url.password = '';
  }
  for (const [name, value] of Object.entries(query))
    url.searchParams.set(name, name === 'sslmode' ? value : join(files, value));
  const pool = createPool({ address: parseLedgerURL(url.href), log });
  try {
    const { rows } = await pool.query(
      `SELECT usename || ' ' || ssl AS told FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE pid = pg_backend_pid()`,
    );
    return String((rows as readonly { readonly told: string }[])[0]?.told);
  } catch (error) {
    return String(error);
  } finally {
    await pool.end();
  }
}

describe.skipIf(isEmbedded)('a ledger behind TLS (not on the embedded Postgres)', () => {
  it('is used with sslmode=verify-full when its certificate is trusted and names the host', async () => {
    expect(await connect({ sslmode: 'verify-full', sslrootcert: 'right.crt' })).toBe('molecule true');
  });

  it('is shown the certificate of the client', async () => {
    const query = { sslmode: 'verify-full', sslrootcert: 'right.crt' };
    const certified = { ...query, sslcert: 'client.crt', sslkey: 'client.key' };
    expect(await connect(certified, 'certified')).toBe('certified true');
    expect(await connect(query, 'certified')).toMatch(/certificate/);
  });

  it.each([
    [
      'its certificate is none that is trusted',
      { sslmode: 'verify-full', sslrootcert: 'wrong.crt' },
      /self-signed|unable to verify|signature/,
    ],
    ['nobody said whom to trust', { sslmode: 'verify-full' }, /self-signed certificate/],
    ['TLS is switched off', { sslmode: 'disable' }, /no encryption/],
  ])('is not used when %s', async (_what, query, why) => {
    expect(await connect(query)).toMatch(why);
  });

  it('is not used when its certificate is for another host', async () => {
    await keep('elsewhere', await serve('elsewhere.example'));
    const client = { sslmode: 'verify-full', sslrootcert: 'right.crt' };
    const { url } = server.access;
    await sql(
      `${url}?sslmode=verify-full&sslrootcert=${join(files, 'right.crt')}`.replace('127.0.0.1', 'localhost'),
      'SELECT pg_reload_conf()',
    );
    const trusting = { ...client, sslrootcert: 'elsewhere.crt' };
    await expect.poll(() => connect(trusting), { timeout: 10_000 }).toContain("does not match certificate's altnames");
  });
});
