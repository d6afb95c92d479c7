import { closeSync, createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { readBundleHead } from '../assets/bundle/bundle-file.ts';
import type { BundleHead } from '../assets/bundle/format.ts';
import { RESERVED_FOLDER } from '../rules/asset-path.ts';
import { hasCode } from './anchored.ts';
import type { AssetClient } from './asset-client.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';
import { ofStateDirectory, type StateDirectory } from './state-directory.ts';
import { type Proof, prove, takeBundle } from './take-bundle.ts';
import type { Volume } from './volume.ts';

/** The copy that survives the Pod. The agent can write it, so it is believed only when it proves to be what is wanted. */
export const CACHED_BUNDLE_PATH = `${RESERVED_FOLDER}/bundle`;

export interface ProvenBundle extends Proof, AsyncDisposable {
  readonly origin: 'state' | 'volume' | 'server';
}

export interface SourceOptions {
  readonly wanted: string;
  readonly state: StateDirectory;
  readonly volume: Volume;
  readonly client: AssetClient;
}

/**
 * The wanted bundle, proven and in our own directory: kept from the last run, else the volume's copy, else from the
 * server. So a restart heals while operator and forge are away.
 * @throws MaterializeError tryAgain when no source has it
 */
export async function obtainBundle(
  { wanted, state, volume, client }: SourceOptions,
  signal: AbortSignal,
): Promise<ProvenBundle> {
  const partial = await state.partialOf(wanted);
  const kept = await ofStateDirectory(prove(state.pathOf('bundle'), wanted, signal));
  if (kept !== undefined) return disposable({ ...kept, origin: 'state' });

  const copied = await takeCached(volume, { wanted, state, signal });
  if (copied !== undefined) return disposable({ ...copied, origin: 'volume' });

  const sent = await receive(client, partial, { wanted, state, signal });
  if (sent === undefined)
    throw new MaterializeError(EXIT.tryAgain, 'Cannot take bundle: the asset server sent another one than wanted');
  return disposable({ ...sent, origin: 'server' });
}

interface Wanted {
  readonly wanted: string;
  readonly state: StateDirectory;
  readonly signal: AbortSignal;
}

/**
 * The volume's copy, if it is what is wanted. What an agent put there instead is not even copied: a head with the wanted
 * digest says how long its bundle is, so nothing longer fills our disk.
 */
async function takeCached(volume: Volume, options: Wanted): Promise<Proof | undefined> {
  const fd = volume.openFile(CACHED_BUNDLE_PATH);
  if (fd === undefined) return undefined;
  try {
    const head = await readHead(fd);
    if (head?.digest !== options.wanted) return undefined;
    const copy = createReadStream('', { fd, autoClose: false, start: 0, end: head.sizeBytes - 1 });
    const path = options.state.pathOf('bundle.new');
    return await ofStateDirectory(takeBundle(untilUnreadable(copy), { ...options, path, behind: 0 }));
  } finally {
    closeSync(fd);
  }
}

/**
 * From the server, behind what a run that was killed had of it. Nobody else can write that file; but whether a node that
 * went down kept all of it shows only in the proof of the whole, and where that fails the whole is sent, once.
 */
async function receive(client: AssetClient, path: string, options: Wanted): Promise<Proof | undefined> {
  const takeBehind = async (behind: number): Promise<Proof | undefined> => {
    const bytes = await client.fetchBundle(options.wanted, behind, options.signal);
    return ofStateDirectory(takeBundle(bytes, { ...options, path, behind }));
  };
  const behind = await ofStateDirectory(sizeOf(path));
  return (behind === 0 ? undefined : await takeBehind(behind)) ?? takeBehind(0);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

/** undefined for what is no bundle, or is cut off, or that no disk reads. */
async function readHead(fd: number): Promise<BundleHead | undefined> {
  try {
    await using handle = await open(`/proc/self/fd/${fd}`, 'r');
    return await readBundleHead(handle);
  } catch {
    return undefined;
  }
}

/** Ends where the disk does not read on; what is missing then shows in the proof, and the server is asked. */
async function* untilUnreadable(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  try {
    yield* bytes;
  } catch {
    return;
  }
}

function disposable(proof: Proof & Pick<ProvenBundle, 'origin'>): ProvenBundle {
  return { ...proof, [Symbol.asyncDispose]: () => proof.handle.close() };
}
