import { Command, Option } from 'commander';
import { type MigrateOptions, migrate, migrationStatus } from '../ledger/migrate.ts';
import { parseLedgerURL } from '../ledger/postgres/address.ts';
import { createLogger } from '../platform/log.ts';
import type { CommandIO } from './io.ts';
import { captureOutput, runCommand } from './run-command.ts';

export interface MigrateCommandOptions {
  readonly io: CommandIO;
  /** The directory of the migrations. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

interface Flags {
  readonly url?: string;
  readonly output: 'text' | 'json';
}

/** `migrate up|status`: what the operator does by itself when it starts, for people who want to do it before. */
export async function runMigrateCommand(argv: readonly string[], options: MigrateCommandOptions): Promise<number> {
  const { io, signal } = options;
  const program = captureOutput(new Command('migrate'), io)
    .description('Brings the schema of the ledger up to date. Forward only; any number of them may run at once.')
    .addHelpText('after', HELP);
  leaf(program, 'up')
    .description('apply what is pending, all of it or nothing')
    .action(async (flags: Flags) => {
      const applied = await migrate(migrateOptions(flags, options), signal);
      const lines =
        applied.length === 0 ? ['Nothing to do: the ledger is up to date'] : applied.map((name) => `Applied ${name}`);
      print(io, flags, { value: { applied }, lines });
    });
  leaf(program, 'status')
    .description('tell what is applied and what is pending; changes nothing')
    .action(async (flags: Flags) => {
      const status = await migrationStatus(migrateOptions(flags, options), signal);
      const lines = [
        ...status.applied.map(
          (name) => `${name}  ${status.unknown.includes(name) ? 'applied by a newer release' : 'applied'}`,
        ),
        ...status.pending.map((name) => `${name}  pending`),
      ];
      print(io, flags, { value: status, lines });
    });
  return runCommand(program, argv, options);
}

const HELP = `
Environment:
  LEDGER_URL  used when --url is not given; prefer it, because arguments show in process lists

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted`;

function leaf(program: Command, name: string): Command {
  return program
    .command(name)
    .option('--url <url>', 'the ledger, postgres://USER:PASSWORD@HOST:PORT/DATABASE; TLS as ?sslmode=verify-full')
    .addOption(new Option('-o, --output <format>', 'format of the output').choices(['text', 'json']).default('text'));
}

function migrateOptions(flags: Flags, { io, directory }: MigrateCommandOptions): MigrateOptions {
  const url = flags.url ?? io.env.LEDGER_URL;
  if (url === undefined || url === '') throw new Error('Cannot find the ledger: set LEDGER_URL or pass --url');
  const log = createLogger({
    name: 'migrate',
    level: 'warn',
    destination: { write: (line) => void io.stderr.write(line) },
  });
  return { address: parseLedgerURL(url), directory, log };
}

function print(
  io: CommandIO,
  flags: Flags,
  result: { readonly value: unknown; readonly lines: readonly string[] },
): void {
  const text = flags.output === 'json' ? JSON.stringify(result.value) : result.lines.join('\n');
  io.stdout.write(`${text}\n`);
}
