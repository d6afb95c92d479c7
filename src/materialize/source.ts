import { closeSync, createReadStream } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { readBundleHead, verifyBundle } from '../assets/bundle/bundle-file.ts';
import { BundleError, type BundleHead, MAX_MANIFEST_BYTES } from '../assets/bundle/format.ts';
import { RESERVED_FOLDER } from '../rules/asset-path.ts';
import { hasCode } from './anchored.ts';
import type { AssetClient } from './asset-client.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';
import { ofStateDirectory, type StateDirectory } from './state-directory.ts';
import type { Volume } from './volume.ts';

/** The copy that survives the Pod. The agent can write it, so it is believed only when it proves to be what is wanted. */
export const CACHED_BUNDLE_PATH = `${RESERVED_FOLDER}/bundle`;
const MAX_BUNDLE_BYTES = 256 * 1024 * 1024 + MAX_MANIFEST_BYTES;

export interface ProvenBundle extends AsyncDisposable {
  readonly handle: FileHandle;
  readonly head: BundleHead;
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
  const kept = await ofStateDirectory(prove(state.pathOf('bundle'), wanted, signal));
  if (kept !== undefined) return disposable({ ...kept, origin: 'state' });

  const copied = await takeCached({ wanted, state, volume, signal });
  if (copied !== undefined) return disposable({ ...copied, origin: 'volume' });

  const sent = await ofStateDirectory(take(await client.fetchBundle(wanted, signal), { wanted, state, signal }));
  if (sent === undefined)
    throw new MaterializeError(EXIT.tryAgain, 'Cannot take bundle: the asset server sent another one than wanted');
  return disposable({ ...sent, origin: 'server' });
}

/**
 * The volume's copy, if it is what is wanted. What an agent put there instead is not even copied: a head with the wanted
 * digest says how long its bundle is, so nothing longer fills our disk.
 */
async function takeCached({
  volume,
  ...options
}: TakeOptions & { readonly volume: Volume }): Promise<Proof | undefined> {
  const fd = volume.openFile(CACHED_BUNDLE_PATH);
  if (fd === undefined) return undefined;
  try {
    const head = await readHead(fd);
    if (head?.digest !== options.wanted) return undefined;
    const copy = createReadStream('', { fd, autoClose: false, start: 0, end: head.sizeBytes - 1 });
    return await ofStateDirectory(take(untilUnreadable(copy), options));
  } finally {
    closeSync(fd);
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

interface Proof {
  readonly handle: FileHandle;
  readonly head: BundleHead;
}

async function prove(path: string, wanted: string, signal: AbortSignal): Promise<Proof | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return { handle, head: await verifyBundle(handle, wanted, signal) };
  } catch (error) {
    await handle.close();
    if (error instanceof BundleError) return undefined;
    throw error;
  }
}

interface TakeOptions {
  readonly wanted: string;
  readonly state: StateDirectory;
  readonly signal: AbortSignal;
}

/** Copies the bytes to our own directory and proves the copy, so that nobody can change it in between (V11). */
async function take(bytes: AsyncIterable<Buffer>, { wanted, state, signal }: TakeOptions): Promise<Proof | undefined> {
  const temporary = state.pathOf('bundle.new');
  {
    await using file = await open(temporary, 'w', 0o600);
    let length = 0;
    for await (const chunk of readable(bytes)) {
      length += chunk.length;
      if (length > MAX_BUNDLE_BYTES) return undefined;
      await file.writeFile(chunk);
    }
    await file.sync();
  }
  const proof = await prove(temporary, wanted, signal);
  try {
    if (proof !== undefined) await rename(temporary, state.pathOf('bundle'));
    return proof;
  } catch (error) {
    await proof?.handle.close();
    throw error;
  }
}

/** A source that breaks off is one to try again, unlike a disk that cannot be written. */
async function* readable(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  try {
    yield* bytes;
  } catch (cause) {
    throw new MaterializeError(EXIT.tryAgain, 'Cannot take bundle: the transfer broke off', { cause });
  }
}

function disposable(proof: Proof & Pick<ProvenBundle, 'origin'>): ProvenBundle {
  return { ...proof, [Symbol.asyncDispose]: () => proof.handle.close() };
}
