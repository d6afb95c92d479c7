import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, findProgram } from '../lib/files.ts';
import { formatSeconds } from '../lib/report.ts';
import { runOrThrow } from '../lib/run.ts';
import type { BinarySpec } from './catalog.ts';
import type { BinaryTarget } from './download.ts';

const PROGRESS_INTERVAL_MS = 1_000;

/** Builds a program from the Go modules pinned for it. */
export async function buildBinary(target: BinaryTarget): Promise<void> {
  const { spec, temporary } = target;
  const go = await findGo(`build ${spec.name} ${spec.version}`);
  const startedAt = performance.now();
  const progress = showProgress(target, startedAt);
  try {
    await runOrThrow(
      go,
      [
        'build',
        '-buildvcs=false',
        '-trimpath',
        '-tags',
        spec.buildTags.join(','),
        '-ldflags',
        ['-s', '-w', ...spec.linkerFlags].join(' '),
        '-o',
        temporary,
        spec.goPackage,
      ],
      {
        cwd: spec.moduleDir,
        env: { CGO_ENABLED: spec.isCgo ? '1' : '0', GOFLAGS: '-mod=readonly' },
        signal: target.signal,
        action: `build ${spec.name} ${spec.version} from Go modules`,
      },
    );
  } finally {
    progress.end();
  }
  await copyModuleFolders(spec, `${target.final}-static`, target.signal);
  await rename(temporary, target.final);
  target.report(`Built ${spec.name} ${spec.version} in ${formatSeconds(performance.now() - startedAt)}`);
}

/** Puts the files that the program reads at run time beside it, so that the Go module cache is not needed later. */
export async function copyModuleFolders(spec: BinarySpec, destination: string, signal?: AbortSignal): Promise<void> {
  if (spec.moduleFolders.length === 0 || (await exists(destination))) return;
  const go = await findGo(`find the files of ${spec.name} ${spec.version}`);
  const moduleDir = (
    await runOrThrow(go, ['list', '-m', '-f', '{{.Dir}}', spec.goPackage], { cwd: spec.moduleDir, signal })
  ).trim();
  const temporary = `${destination}.${process.pid}.tmp`;
  try {
    for (const folder of spec.moduleFolders)
      await cp(join(moduleDir, folder), join(temporary, folder), { recursive: true });
    await rename(temporary, destination);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function findGo(action: string): Promise<string> {
  const go = await findProgram('go');
  if (go === undefined) {
    throw new Error(
      `Cannot ${action}: Go is missing. Install Go 1.26 or newer (https://go.dev/dl), or set KUBE_ASSETS to a directory with the binaries`,
    );
  }
  return go;
}

/** On a terminal one line that counts, elsewhere one line at the start. */
function showProgress(target: BinaryTarget, startedAt: number): { end(): void } {
  const { name, version, buildSeconds } = target.spec;
  const what = `Building ${name} ${version} from Go modules`;
  if (!process.stdout.isTTY) {
    target.report(`${what}: takes about ${buildSeconds} s on two cores`);
    return { end: () => undefined };
  }
  const timer = setInterval(() => {
    const elapsed = Math.round((performance.now() - startedAt) / 1000);
    process.stdout.write(`\r${what}: ${elapsed} s of about ${buildSeconds} s `);
  }, PROGRESS_INTERVAL_MS);
  return {
    end: () => {
      clearInterval(timer);
      process.stdout.write('\r\x1b[K');
    },
  };
}
