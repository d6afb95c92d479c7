import { describe, expect, it } from 'vitest';
import { runMigrateCommand } from '../../../src/cli/migrate-command.ts';
import { type Captured, capture } from './capture.ts';

async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Captured> {
  const { signal } = new AbortController();
  return capture((io) => runMigrateCommand(argv, { io, directory: 'src/ledger/migrations', signal }), { env });
}

describe('the arguments of migrate', () => {
  it('documents the environment and the exit codes in its help', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('LEDGER_URL');
    expect(stdout).toContain('Exit codes: 0 done, 1 failed, 2 wrong usage');
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['down']],
    ['an unknown format', ['up', '-o', 'yaml']],
    ['an unknown option', ['up', '--force']],
  ])('exits with 2 for %s', async (_name, argv) => {
    const { code, stdout, stderr } = await run(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
  });

  it.each([
    ['no ledger is named', {}, 'Error: Cannot find the ledger: set LEDGER_URL or pass --url\n'],
    [
      'the URL is none of Postgres',
      { LEDGER_URL: 'mysql://me:secret-word@db/ledger' },
      'Error: Cannot use the ledger URL: it is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE\n',
    ],
  ])('exits with 1 when %s', async (_name, env, message) => {
    expect(await run(['status'], env)).toEqual({ code: 1, stdout: '', stderr: message });
  });
});
