import { readFile } from 'node:fs/promises';

/** Linux's USER_HZ, which is 100 on every architecture that we run on. */
const TICKS_PER_SECOND = 100;

export interface ProcessStats {
  /** User and system time since the process began. */
  readonly cpuSeconds: number;
  /** VmHWM: the largest resident set it ever had. */
  readonly peakRssMb: number;
  readonly rssAnonMb: number;
}

/** Reads /proc of a running process. */
export async function readProcessStats(pid: number): Promise<ProcessStats> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, may hold spaces and ends with the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    peakRssMb: megabytes(status, 'VmHWM'),
    rssAnonMb: megabytes(status, 'RssAnon'),
  };
}

function megabytes(status: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`Cannot read ${field}: /proc does not have it on this machine`);
  return Math.round(Number(kilobytes) / 102.4) / 10;
}
