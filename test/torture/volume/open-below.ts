import { readdirSync, readlinkSync } from 'node:fs';

/** What this process holds open in a directory, whoever opened it and however: the kernel's own list. */
export function openBelow(directory: string): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map(leadsTo)
    .filter((path) => path === directory || path.startsWith(`${directory}/`));
}

/** Of the descriptor by which the list was read there is nothing to tell any more. */
function leadsTo(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
