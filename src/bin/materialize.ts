#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode, MaterializeError } from '../materialize/exit-codes.ts';
import { explainFileError } from '../materialize/explain-file-error.ts';
import type { RunResult } from '../materialize/result.ts';
import { runByHand } from '../materialize/run-by-hand.ts';
import { runInPod } from '../materialize/run-in-pod.ts';
import { openVolume } from '../materialize/volume.ts';
import { coerceError } from '../platform/errors.ts';
import { isTreeDigest } from '../rules/asset-tree.ts';

interface Flags {
  readonly archive?: string;
  readonly target?: string;
  readonly include?: string[];
  readonly digest?: string;
  readonly json?: boolean;
  readonly kept?: boolean;
  readonly putBack?: string;
  readonly sealFor?: string;
}

const EXIT_CODES = `
Exit codes: 0 done; 2 usage; 65 archive refused, target untouched; 73 cannot write; 75 try again.
The last line of standard output is a JSON report. Without --archive it runs as the init container of a workspace and
takes what it needs from the environment.`;

function createCommand(): Command {
  return new Command('materialize')
    .description("Puts a template's assets onto an agent's volume, and heals them there")
    .option('--archive <file>', 'tar.gz as a Git forge makes it, with one top folder')
    .option('--target <dir>', 'directory that receives the assets')
    .option('--include <glob...>', 'path, or folder/**; default: config.yaml prompts/** agent-skills/**')
    .option('--digest <digest>', 'refuse anything but the tree with this digest (sha256:…)')
    .option('--json', 'print nothing but the report')
    .option('--kept', 'print what was moved aside in the target, and what lies in its place now')
    .option('--put-back <path>', 'put a copy of what was moved aside from this path back there')
    .option('--seal-for <key>', 'with --kept: print it so that only the holder of the X25519 key can read it')
    .allowExcessArguments(false)
    .addHelpText('after', EXIT_CODES)
    .exitOverride();
}

/** As process 1 of a container nobody ends us by default. */
function abortOnTerminate(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGTERM', () =>
    controller.abort(new MaterializeError(EXIT.tryAgain, 'Stopped before the assets were in place')),
  );
  return controller.signal;
}

async function run(flags: Flags, command: Command): Promise<RunResult> {
  const signal = abortOnTerminate();
  const log = (line: string): void => {
    if (flags.json !== true) process.stderr.write(`${line}\n`);
  };
  const { archive, target, include, digest } = flags;
  if (archive === undefined) {
    if (target !== undefined || include !== undefined || digest !== undefined)
      command.error('error: --target, --include and --digest need --archive');
    if (process.env.ASSET_SERVER_URL === undefined)
      command.error(
        'error: name an archive and a target (--archive FILE.tgz --target DIR); this is not a workspace Pod',
      );
    return runInPod({ env: process.env, nowMs: Date.now(), log, signal });
  }
  if (target === undefined) return command.error('error: --archive needs --target');
  if (digest !== undefined && !isTreeDigest(digest))
    return command.error('error: --digest must be sha256: and 64 hexadecimal digits');
  const result = await runByHand({
    archive,
    target,
    ...(include === undefined ? {} : { include }),
    ...(digest === undefined ? {} : { digest }),
    log,
    signal,
  });
  for (const { action, path, found } of result.report.changes) log(`${action} ${path} (found ${found})`);
  return result;
}

/**
 * What `kubectl molecule assets` runs beside an agent. One line of JSON, or why not on standard error. Loaded on demand: the init
 * container never needs it.
 */
async function runOnKept({ target, kept, putBack: path, sealFor: key }: Flags, command: Command): Promise<ExitCode> {
  if (target === undefined || (kept === true) === (path !== undefined))
    return command.error('error: --kept and --put-back need --target, and exclude each other');
  const { listKept, putBack } = await import('../materialize/kept-versions.ts');
  const { sealFor } = await import('../platform/sealed.ts');
  try {
    const volume = openVolume(target);
    try {
      const found = path === undefined ? listKept(volume, target) : { isChanged: putBack(volume, path) };
      const text = JSON.stringify(found);
      process.stdout.write(`${key === undefined ? text : JSON.stringify(sealFor(key, Buffer.from(text)))}\n`);
      return EXIT.done;
    } finally {
      volume.close();
    }
  } catch (thrown) {
    const error = coerceError(thrown);
    const isOurs = error instanceof MaterializeError;
    process.stderr.write(`${isOurs ? error.message : `Cannot use volume: ${explainFileError(error)}`}\n`);
    return isOurs ? error.exitCode : EXIT.cannotWrite;
  }
}

async function main(): Promise<void> {
  const command = createCommand();
  try {
    command.parse();
    const flags = command.opts<Flags>();
    if (flags.kept === true || flags.putBack !== undefined) {
      process.exitCode = await runOnKept(flags, command);
      return;
    }
    const { exitCode, report } = await run(flags, command);
    if (report.reason !== undefined) process.stderr.write(`${report.reason}\n`);
    process.stdout.write(`${JSON.stringify(report)}\n`);
    process.exitCode = exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
}

await main();
