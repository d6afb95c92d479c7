import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ARCHIVE_LIMITS } from '../assets/archive/read-archive.ts';
import { buildBundle } from '../assets/bundle/build-bundle.ts';
import { readBundleHead } from '../assets/bundle/bundle-file.ts';
import { DEFAULT_INCLUDE, type IncludeSet } from '../rules/asset-path.ts';
import { hasCode } from './anchored.ts';
import { cleanUp } from './clean-up.ts';
import { includeOf } from './config.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';
import { materializeBundle } from './materialize-bundle.ts';
import { type RunResult, resultOfFailure } from './result.ts';
import { openVolume, type Volume } from './volume.ts';

export interface ByHandOptions {
  readonly archive: string;
  readonly target: string;
  readonly include?: readonly string[];
  /** Of the tree; anything else is refused. */
  readonly digest?: string;
  /** A line for people. */
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Puts an archive's assets into a directory, by the same code that heals a volume. The target is untouched unless all is well.
 * Never throws.
 */
export async function runByHand(options: ByHandOptions): Promise<RunResult> {
  const { target, log } = options;
  let directory: string | undefined;
  let volume: Volume | undefined;
  try {
    directory = await mkdtemp(join(tmpdir(), 'materialize-'));
    const include = includeOf(options.include ?? DEFAULT_INCLUDE);
    const { path, digest } = await bundleArchive({ ...options, include, directory });
    if (options.digest !== undefined && options.digest !== digest) {
      throw new MaterializeError(
        EXIT.refused,
        `Cannot accept archive: its tree is ${digest} and not ${options.digest}`,
      );
    }
    await using handle = await open(path, 'r');
    volume = openVolume(target);
    const report = await materializeBundle({
      volume,
      bundle: { fd: handle.fd, head: await readBundleHead(handle) },
      include,
      trustedInventory: undefined,
      saveInventory: async () => undefined,
    });
    return { exitCode: EXIT.done, report };
  } catch (error) {
    return resultOfFailure(error, options.digest);
  } finally {
    await cleanUp('the target', () => volume?.close(), log);
    const remove = () => (directory === undefined ? undefined : rm(directory, { recursive: true, force: true }));
    await cleanUp('the temporary directory', remove, log);
  }
}

interface BundleArchiveOptions {
  readonly archive: string;
  readonly include: IncludeSet;
  readonly directory: string;
  readonly signal: AbortSignal;
}

async function bundleArchive({ archive, include, directory, signal }: BundleArchiveOptions) {
  return buildBundle(readArchiveFile(archive), {
    include,
    limits: ARCHIVE_LIMITS,
    directory,
    placeOf: () => join(directory, 'bundle'),
    signal,
  });
}

async function* readArchiveFile(path: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT', 'EISDIR', 'EACCES')) throw cause;
    throw new MaterializeError(EXIT.usage, 'Cannot read archive: there is no such file, or it is not readable', {
      cause,
    });
  }
}
