import { readdir, readFile } from 'node:fs/promises';
import type { Report } from '../lib/report.ts';
import { peacefully } from './faults.ts';

export interface Sample {
  readonly atMs: number;
  readonly rssMb: number;
  readonly descriptors: number;
}

const EVERY_MS = 10_000;

/** Reads a process' memory and open descriptors every ten seconds until aborted; rejects when it is gone. */
export async function sample(
  pid: number,
  options: { readonly report: Report; readonly signal: AbortSignal },
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const { report, signal } = options;
  while (!signal.aborted) {
    const [status, descriptors] = await Promise.all([
      readFile(`/proc/${pid}/status`, 'utf8'),
      readdir(`/proc/${pid}/fd`),
    ]);
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
    const latest = {
      atMs: performance.now(),
      rssMb: Math.round(kilobytes / 102.4) / 10,
      descriptors: descriptors.length,
    };
    samples.push(latest);
    report(`${latest.rssMb} MB resident, ${latest.descriptors} descriptors`);
    await peacefully(EVERY_MS, signal);
  }
  return samples;
}

export interface Growth {
  readonly rssBeforeMb: number;
  readonly rssAfterMb: number;
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
  readonly isFlat: boolean;
}

const SPARE = { share: 1.1, megabytes: 8, descriptors: 8 } as const;

/** Compares medians of the second and the last quarter: the first is warming up. */
export function judgeGrowth(samples: readonly Sample[]): Growth {
  const quarter = Math.floor(samples.length / 4);
  if (quarter < 2) throw new RangeError(`Cannot judge ${samples.length} samples: let it run longer`);
  const before = samples.slice(quarter, 2 * quarter);
  const after = samples.slice(-quarter);
  const rssBeforeMb = median(before.map(({ rssMb }) => rssMb));
  const rssAfterMb = median(after.map(({ rssMb }) => rssMb));
  const descriptorsBefore = median(before.map(({ descriptors }) => descriptors));
  const descriptorsAfter = median(after.map(({ descriptors }) => descriptors));
  const isFlat =
    rssAfterMb <= rssBeforeMb * SPARE.share + SPARE.megabytes &&
    descriptorsAfter <= descriptorsBefore + SPARE.descriptors;
  return { rssBeforeMb, rssAfterMb, descriptorsBefore, descriptorsAfter, isFlat };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
