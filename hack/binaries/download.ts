import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Parser } from 'tar';
import { formatSeconds, type Report } from '../lib/report.ts';
import type { BinarySpec } from './catalog.ts';

export interface BinaryTarget {
  readonly spec: BinarySpec;
  /** Written first; renamed to `final` when whole and checked. */
  readonly temporary: string;
  readonly final: string;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

export interface Downloader {
  /** False when the official place cannot be reached or has no such file; throws on a wrong checksum. */
  download(target: BinaryTarget): Promise<boolean>;
}

const CONNECT_TIMEOUT_MS = 3_000;

/** Remembers hosts that did not answer, so that each costs its time-out and its line once. */
export function createDownloader(options: {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}): Downloader {
  const unreachable = new Set<string>();
  return {
    download: async (target) => {
      const { url, checksumUrl } = target.spec.download;
      const { host } = new URL(url);
      if (unreachable.has(host)) return false;
      const checksums = await request(checksumUrl, options.signal);
      if (checksums === undefined) {
        unreachable.add(host);
        options.report(`${host} cannot be reached: building from Go modules instead`);
        return false;
      }
      const response = checksums.ok ? await request(url, options.signal) : checksums;
      if (response === undefined || !response.ok || response.body === null) {
        options.report(`${url} is not there (${response?.status ?? 'no answer'}): building from Go modules instead`);
        return false;
      }
      const startedAt = performance.now();
      await save(target, response.body, digestFor(url, await checksums.text()));
      options.report(
        `Downloaded ${target.spec.name} ${target.spec.version} in ${formatSeconds(performance.now() - startedAt)}`,
      );
      return true;
    },
  };
}

/** The response's head, or undefined when nobody answers in time. Only the head is timed: a body may take long. */
async function request(url: string, signal: AbortSignal | undefined): Promise<Response | undefined> {
  signal?.throwIfAborted();
  const connecting = new AbortController();
  const timer = setTimeout(() => connecting.abort(), CONNECT_TIMEOUT_MS);
  try {
    return await fetch(url, {
      signal: signal === undefined ? connecting.signal : AbortSignal.any([connecting.signal, signal]),
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Error) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function save(
  target: BinaryTarget,
  body: ReadableStream<Uint8Array>,
  wantedDigest: string | undefined,
): Promise<void> {
  const { download, name, version } = target.spec;
  const downloaded = `${target.temporary}.download`;
  const hash = createHash('sha256');
  try {
    await pipeline(
      Readable.from(body),
      async function* count(chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(downloaded),
      { signal: target.signal },
    );
    const digest = hash.digest('hex');
    if (digest !== wantedDigest) {
      throw new Error(
        `Cannot use the download of ${name} ${version}: its sha256 is ${digest}, published is ${wantedDigest ?? 'none'}`,
      );
    }
    if (download.archiveMember === undefined) await rename(downloaded, target.temporary);
    else await extractMember(downloaded, download.archiveMember, target.temporary);
    await chmod(target.temporary, 0o755);
    await rename(target.temporary, target.final);
  } finally {
    await rm(downloaded, { force: true });
  }
}

async function extractMember(archive: string, member: string, file: string): Promise<void> {
  const writes: Promise<void>[] = [];
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      if (entry.path === member) writes.push(pipeline(entry, createWriteStream(file)));
      else entry.resume();
    },
  });
  await new Promise<void>((resolve, reject) => {
    parser.on('end', () => resolve());
    parser.on('error', reject);
    createReadStream(archive).on('error', reject).pipe(parser);
  });
  if (writes.length === 0) throw new Error(`Cannot unpack ${archive}: it holds no ${member}`);
  await Promise.all(writes);
}

/** Finds the digest for a URL in a checksum file of either form. Exported for its test. */
export function digestFor(url: string, checksums: string): string | undefined {
  const fileName = new URL(url).pathname.split('/').at(-1);
  const lines = checksums
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+\*?/));
  const own =
    lines.find((words) => words[1] === fileName) ?? lines.find((words) => lines.length === 1 && words.length === 1);
  const digest = own?.[0]?.toLowerCase();
  return digest !== undefined && /^[0-9a-f]{64}$/.test(digest) ? digest : undefined;
}
