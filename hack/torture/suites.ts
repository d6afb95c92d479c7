import { archives } from '../../test/torture/archives.ts';
import { crashes } from '../../test/torture/crashes.ts';
import { fuzz } from '../../test/torture/fuzz.ts';
import { races } from '../../test/torture/races.ts';
import { ssrf } from '../../test/torture/ssrf.ts';
import type { PlannedSuite } from './run-suites.ts';

/** In the order in which they run, with as many runs as a few minutes are enough for. `make test-nightly` asks for more. */
export const SUITES: readonly PlannedSuite[] = [
  { suite: archives, runs: 4_000 },
  { suite: fuzz, runs: 100_000 },
  { suite: races, runs: 50_000 },
  { suite: crashes, runs: 6_000 },
  { suite: ssrf, runs: 2_000 },
];
