import type { Attempt } from './attempt.ts';
import { BY_DESIGN } from './routes/by-design.ts';
import { CRD, NAMESPACE } from './routes/container.ts';
import { DELETION } from './routes/deletion.ts';
import { FINALIZER } from './routes/finalizer.ts';
import { GUARD } from './routes/guard.ts';
import { IMPERSONATION } from './routes/impersonation.ts';
import { LEDGER } from './routes/ledger.ts';
import { OWNERSHIP } from './routes/ownership.ts';
import { REPLAY } from './routes/replay.ts';
import { REQUEST } from './routes/request.ts';
import { VOLUME } from './routes/volume.ts';

/** Every attempt, in the order in which they are made: those that take parts of the guard away come last. */
export const ATTEMPTS: readonly Attempt[] = [
  ...FINALIZER,
  ...DELETION,
  ...VOLUME,
  ...OWNERSHIP,
  ...NAMESPACE,
  ...CRD,
  ...IMPERSONATION,
  ...REQUEST,
  ...REPLAY,
  ...LEDGER,
  ...GUARD,
  ...BY_DESIGN,
];
