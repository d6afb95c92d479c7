import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** For the directories of tests whose code syncs every file: in memory where that can be, so that a busy disk makes no test slow. */
export const IN_MEMORY = realpathSync(existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
