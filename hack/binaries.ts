/**
 * Finds the programs that the development cluster and the tests are made of, in this order: the directory KUBE_ASSETS
 * names, the cache, the official download with its checksum, a build from Go modules pinned in hack/binaries/.
 * `node hack/binaries.ts [NAME…]` obtains them ahead of time and prints where they are.
 */
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { buildBinary } from './binaries/build.ts';
import { BINARY_NAMES, type BinaryName, describeBinary, isBinaryName } from './binaries/catalog.ts';
import { createDownloader, type Downloader } from './binaries/download.ts';
import { exists } from './lib/files.ts';
import { runMain } from './lib/main.ts';
import { cacheDir } from './lib/paths.ts';
import { type Report, reportNothing, reportToStdout } from './lib/report.ts';

export interface EnsureBinariesOptions {
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Paths of the named programs. The first call on a machine may take minutes and says so through `report`; a call cut
 * short leaves nothing half in the cache.
 */
export async function ensureBinaries<Name extends BinaryName>(
  names: readonly Name[],
  options: EnsureBinariesOptions = {},
): Promise<Readonly<Record<Name, string>>> {
  const report = options.report ?? reportNothing;
  const downloader = createDownloader({ report, signal: options.signal });
  const found: [Name, string][] = [];
  for (const name of names) found.push([name, await obtain(name, { ...options, report, downloader })]);
  return Object.fromEntries(found) as Record<Name, string>;
}

/** The same for one program. */
export async function ensureBinary(name: BinaryName, options: EnsureBinariesOptions = {}): Promise<string> {
  const paths = await ensureBinaries([name], options);
  return paths[name];
}

interface ObtainOptions {
  readonly report: Report;
  readonly downloader: Downloader;
  readonly signal?: AbortSignal | undefined;
}

async function obtain(name: BinaryName, options: ObtainOptions): Promise<string> {
  const given = process.env.KUBE_ASSETS ? resolve(process.env.KUBE_ASSETS, name) : undefined;
  if (given !== undefined && (await exists(given))) return given;
  const spec = await describeBinary(name);
  const cached = join(cacheDir(), 'bin', `${name}-${spec.version}`);
  if (await exists(cached)) return cached;
  await mkdir(dirname(cached), { recursive: true });
  const temporary = `${cached}.${process.pid}.tmp`;
  const target = { spec, temporary, final: cached, report: options.report, signal: options.signal };
  try {
    if (!(await options.downloader.download(target))) await buildBinary(target);
  } finally {
    await rm(temporary, { force: true });
  }
  return cached;
}

async function main(signal: AbortSignal): Promise<void> {
  const program = new Command('binaries')
    .description('Obtain the programs of the development cluster: KUBE_ASSETS, cache, download, build from Go modules')
    .argument('[names...]', `which ones (default: all of ${BINARY_NAMES.join(', ')})`)
    .action(async (names: string[]) => {
      const unknown = names.find((name) => !isBinaryName(name));
      if (unknown !== undefined) program.error(`Cannot obtain ${unknown}: known are ${BINARY_NAMES.join(', ')}`);
      const wanted = names.length === 0 ? BINARY_NAMES : names.filter(isBinaryName);
      const paths = await ensureBinaries(wanted, { report: reportToStdout, signal });
      for (const name of wanted) reportToStdout(`${name}\t${paths[name]}`);
    });
  await program.parseAsync();
}

if (import.meta.main) await runMain(main);
