import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { RATIO_FREE_BYTES } from '../../../../src/assets/archive/gunzip.ts';
import { ARCHIVE_LIMITS, type ArchiveLimits, readArchive } from '../../../../src/assets/archive/read-archive.ts';
import { includeOf } from '../../../../src/materialize/config.ts';
import { DEFAULT_INCLUDE, PATH_LIMITS } from '../../../../src/rules/asset-path.ts';
import { collectFiles } from '../collect-files.ts';
import { archive, END, entry, GOOD, inChunks, pax, record, TOP } from '../tar-builder.ts';

interface Options {
  readonly limits?: Partial<ArchiveLimits>;
  readonly now?: () => number;
  readonly chunk?: number;
}

async function read(bytes: Buffer, { limits, chunk, ...options }: Options = {}): Promise<number> {
  let sum = 0;
  await readArchive(inChunks(bytes, chunk ?? bytes.length), {
    include: includeOf(DEFAULT_INCLUDE),
    limits: { ...ARCHIVE_LIMITS, ...limits },
    signal: new AbortController().signal,
    receiver: collectFiles((_file, body) => {
      sum += body.length;
    }),
    ...options,
  });
  return sum;
}

const CONFIG_BYTES = 8;
const BODY = 'x'.repeat(700);
const TAR = Buffer.concat([GOOD, entry({ name: 'repo/prompts/a', body: BODY }), END]);
const ARCHIVE = gzipSync(TAR);
const named = (path: string): Buffer => archive(pax(record('path', `repo/${path}`)), entry({ name: 'x' }));

/** `exact`: the smallest limit that this archive fits into. */
const NUMBERS: readonly (readonly [keyof ArchiveLimits, string, Buffer, number])[] = [
  ['compressedBytes', 'CompressedTooLarge', ARCHIVE, ARCHIVE.length],
  ['expandedBytes', 'ExpandedTooLarge', ARCHIVE, TAR.length],
  ['entries', 'TooManyEntries', ARCHIVE, 3],
  ['entries', 'TooManyEntries', archive(pax(record('mtime', '1')), entry({ name: 'repo/x' })), 4],
  ['paxBytes', 'PaxHeaderTooLarge', named('prompts/a'), record('path', 'repo/prompts/a').length],
  ['fileBytes', 'FileTooLarge', ARCHIVE, BODY.length],
  ['fileBytes', 'FileTooLarge', archive(entry({ name: 'repo/outside', body: BODY })), BODY.length],
  ['assetBytes', 'AssetsTooLarge', ARCHIVE, CONFIG_BYTES + BODY.length],
];

describe('a bound of an archive', () => {
  it.each(NUMBERS)('%s lets through what it says and refuses one more with %s', async (limit, code, bytes, exact) => {
    await expect(read(bytes, { limits: { [limit]: exact + 1 } })).resolves.toBeDefined();
    await expect(read(bytes, { limits: { [limit]: exact } })).resolves.toBeDefined();
    await expect(read(bytes, { limits: { [limit]: exact - 1 } })).rejects.toMatchObject({ code });
  });

  it('assetBytes holds for a single file as well, with a code of its own', async () => {
    const bytes = gzipSync(Buffer.concat([TOP, entry({ name: 'repo/prompts/a', body: BODY }), END]));
    await expect(read(bytes, { limits: { assetBytes: BODY.length } })).resolves.toBe(BODY.length);
    await expect(read(bytes, { limits: { assetBytes: BODY.length - 1 } })).rejects.toMatchObject({
      code: 'FileTooLarge',
    });
  });

  it('are these when nobody says otherwise', () => {
    const MiB = 1024 * 1024;
    expect(ARCHIVE_LIMITS).toEqual({
      compressedBytes: 32 * MiB,
      expandedBytes: 256 * MiB,
      entries: 10_000,
      paxBytes: 64 * 1024,
      fileBytes: 64 * MiB,
      assetBytes: 16 * MiB,
      ratio: 200,
      readMs: 30_000,
    });
    expect(PATH_LIMITS).toMatchObject({ pathBytes: 512, componentBytes: 255, depth: 32 });
  });

  it.each<readonly [string, number, (size: number) => string]>([
    ['PathTooLong', 512, (bytes) => `${'é'.repeat(100)}/${'a'.repeat(150)}/${'b'.repeat(bytes - 352)}`],
    ['PathTooLong', 512, (bytes) => `prompts/${'é'.repeat(100)}/${'a'.repeat(150)}/${'b'.repeat(bytes - 360)}`],
    ['PathComponentTooLong', 255, (bytes) => `é${'a'.repeat(bytes - 2)}`],
    ['PathComponentTooLong', 255, (bytes) => `prompts/${'a'.repeat(bytes)}/x`],
    ['PathTooDeep', 32, (depth) => `${'a/'.repeat(depth - 1)}a`],
    ['PathTooDeep', 32, (depth) => `prompts/${'a/'.repeat(depth - 2)}a`],
  ])('of a path is its own, wanted or not: %s at %i', async (code, exact, pathOf) => {
    await expect(read(named(pathOf(exact - 1)))).resolves.toBeDefined();
    await expect(read(named(pathOf(exact)))).resolves.toBeDefined();
    await expect(read(named(pathOf(exact + 1)))).rejects.toMatchObject({ code });
  });

  it('ratio counts expanded bytes for each compressed one, however the network cuts them', async () => {
    const tar = Buffer.concat([GOOD, entry({ name: 'repo/zeros', body: Buffer.alloc(RATIO_FREE_BYTES) }), END]);
    const bytes = gzipSync(tar);
    const exact = tar.length / (bytes.length - 18);
    for (const chunk of [1, 100, bytes.length]) {
      await expect(read(bytes, { limits: { ratio: exact * 1.000_001 }, chunk })).resolves.toBeDefined();
      await expect(read(bytes, { limits: { ratio: exact * 0.999_999 }, chunk })).rejects.toMatchObject({
        code: 'RatioTooHigh',
      });
    }
  });

  it('ratio lets the first four MiB expand from nothing, and not a byte more', async () => {
    const padded = (bytes: number): Buffer => {
      const rest = bytes - GOOD.length - END.length - 512;
      return gzipSync(Buffer.concat([GOOD, entry({ name: 'repo/zeros', body: Buffer.alloc(rest) }), END]));
    };
    await expect(read(padded(RATIO_FREE_BYTES))).resolves.toBeDefined();
    await expect(read(padded(RATIO_FREE_BYTES + 512))).rejects.toMatchObject({ code: 'RatioTooHigh' });
  });

  it('ratio is for what is filler, not for text that repeats itself', async () => {
    const line = (index: number): string =>
      `2026-01-01T00:00:${index % 60}Z level=info request=${index} status=200 path=/v1/things\n`;
    const log = Array.from({ length: 100_000 }, (_, index) => line(index)).join('');
    const bytes = archive(entry({ name: 'repo/log', body: log }));
    await expect(read(bytes, { chunk: 64 * 1024 })).resolves.toBe(CONFIG_BYTES);
  });

  it('readMs is of the whole reading, by the clock that is given', async () => {
    let nowMs = 5000;
    const now = (): number => nowMs;
    const slowSource = async function* (delayMs: number): AsyncGenerator<Uint8Array> {
      yield ARCHIVE.subarray(0, 50);
      nowMs += delayMs;
      yield ARCHIVE.subarray(50);
    };
    const readSlowly = (delayMs: number): Promise<unknown> =>
      readArchive(slowSource(delayMs), {
        include: includeOf(DEFAULT_INCLUDE),
        limits: ARCHIVE_LIMITS,
        signal: new AbortController().signal,
        receiver: collectFiles(() => undefined),
        now,
      });
    await expect(readSlowly(29_999)).resolves.toBeDefined();
    await expect(readSlowly(30_000)).resolves.toBeDefined();
    await expect(readSlowly(30_001)).rejects.toMatchObject({ code: 'TooSlow' });
  });

  it('readMs holds for who takes the files as well', async () => {
    let nowMs = 0;
    const noise = Buffer.from(Array.from({ length: 300_000 }, (_, index) => Math.imul(index, 2_654_435_761) >>> 24));
    const bytes = archive(
      entry({ name: 'repo/prompts/a', body: noise }),
      entry({ name: 'repo/prompts/b', body: noise }),
    );
    const reading = readArchive(inChunks(bytes), {
      include: includeOf(DEFAULT_INCLUDE),
      limits: ARCHIVE_LIMITS,
      signal: new AbortController().signal,
      receiver: {
        ...collectFiles(() => undefined),
        drain: async () => {
          nowMs += 30_001;
        },
      },
      now: () => nowMs,
    });
    await expect(reading).rejects.toMatchObject({ code: 'TooSlow' });
  });
});
