import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ThrowawayDatabase } from '../../../hack/postgres/database.ts';
import { runMigrateCommand } from '../../../src/cli/migrate-command.ts';
import { createDatabase } from '../../support/postgres.ts';
import { type Captured, capture } from '../../unit/cli/capture.ts';

let database: ThrowawayDatabase;

beforeEach(async () => {
  database = await createDatabase();
});
afterEach(() => database.drop());

async function run(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Captured> {
  const { signal } = new AbortController();
  return capture((io) => runMigrateCommand(argv, { io, directory: 'src/ledger/migrations', signal }), { env });
}

function printed(stdout: string): Captured {
  return { code: 0, stdout, stderr: '' };
}

describe('the program migrate', () => {
  it('tells what is pending, applies it, and has nothing to do the next time', async () => {
    const env = { LEDGER_URL: database.url };
    expect(await run(['status'], env)).toEqual(
      printed('0001_operations  pending\n0002_identities  pending\n0003_approvals  pending\n'),
    );
    expect(await run(['up'], env)).toEqual(
      printed('Applied 0001_operations\nApplied 0002_identities\nApplied 0003_approvals\n'),
    );
    expect(await run(['up'], env)).toEqual(printed('Nothing to do: the ledger is up to date\n'));
    expect(await run(['status'], env)).toEqual(
      printed('0001_operations  applied\n0002_identities  applied\n0003_approvals  applied\n'),
    );
  });

  it('prints JSON, and takes --url before LEDGER_URL', async () => {
    const env = { LEDGER_URL: 'postgres://127.0.0.1:1/nowhere' };
    const up = await run(['up', '--url', database.url, '-o', 'json'], env);
    expect(up).toEqual(printed('{"applied":["0001_operations","0002_identities","0003_approvals"]}\n'));
    const status = await run(['status', '--url', database.url, '-o', 'json'], env);
    expect(status).toEqual(
      printed('{"applied":["0001_operations","0002_identities","0003_approvals"],"pending":[],"unknown":[]}\n'),
    );
  });

  it('fails with one line that does not name the password', async () => {
    expect(await run(['up'], { LEDGER_URL: 'postgres://me:secret-word@127.0.0.1:1/ledger' })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error: Cannot use the ledger at postgres://me@127.0.0.1:1/ledger: connect ECONNREFUSED 127.0.0.1:1\n',
    });
  });
});
