import { join } from 'node:path';
import { expect, it } from 'vitest';
import { withArena } from '../../hack/attack/arena.ts';
import { ATTEMPTS } from '../../hack/attack/routes.ts';
import { runAttempts } from '../../hack/attack/run-attempts.ts';
import { controlPlane } from '../support/control-plane.ts';

/** Those that are answered at once; `make attack` makes all of them. */
const ROUTES = ['finalizer', 'volume', 'ownership', 'namespace', 'crd', 'identity'];

it('no attempt to go round the approvals gets anywhere', { timeout: 300_000 }, async ({ signal }) => {
  const attempts = ATTEMPTS.filter(({ route }) => ROUTES.includes(route));
  const dir = join(controlPlane().dir, 'attack');
  const report = (): void => undefined;
  const results = await withArena({ dir, report, signal }, (arena) => runAttempts(arena, { attempts, report }));
  expect(results.filter(({ isAsExpected }) => !isAsExpected)).toEqual([]);
  expect(results.length).toBeGreaterThan(50);
});
