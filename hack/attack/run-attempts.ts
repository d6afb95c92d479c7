import { coerceError } from '../../src/platform/errors.ts';
import type { Report } from '../lib/report.ts';
import { waitFor } from '../lib/wait.ts';
import type { Arena } from './arena.ts';
import { type Attempt, type Result, refusalOf } from './attempt.ts';
import { countConsumed } from './ledger-count.ts';
import type { Scene } from './scene.ts';
import { assess, createTenant, observe, type Tenant } from './tenant.ts';

/** The garbage collector needs up to eight seconds for what it is made to believe; nobody attacked waits for it alone. */
const SETTLE_MS = 10_000;

/**
 * Makes every attempt on a victim of its own, or on one that the attempts before left as it was, and looks after each of them
 * and once more at the end whether everything is still there.
 */
export async function runAttempts(
  arena: Arena,
  options: { readonly attempts: readonly Attempt[]; readonly report: Report },
): Promise<readonly Result[]> {
  const { attempts, report } = options;
  const results: Result[] = [];
  const tenants: { readonly tenant: Tenant; readonly index: number }[] = [];
  const untouched = new Map<Tenant['mode'], Tenant>();
  for (const [index, attempt] of attempts.entries()) {
    const { mode = 'Hold' } = attempt;
    const tenant = untouched.get(mode) ?? (await makeTenant(arena, { mode, number: tenants.length }));
    untouched.delete(mode);
    tenants.push({ tenant, index });
    const result = await make(arena, attempt, tenant);
    results.push(result);
    const isUntouched = result.isAsExpected && result.got.startsWith('refused');
    if (isUntouched && (await isAsBefore(arena, tenant))) untouched.set(mode, tenant);
    report(`${index + 1}/${attempts.length} ${result.isAsExpected ? 'ok' : 'NOT'} ${result.got}: ${result.attempt}`);
  }
  return lookAgain(arena, { results, tenants, report });
}

async function makeTenant(
  arena: Arena,
  { mode, number }: { readonly mode: Tenant['mode']; readonly number: number },
): Promise<Tenant> {
  const namespace = `victim-${number}`;
  return createTenant({ ...arena, kubectl: arena.kubectl.admin }, { namespace, mode, signal: arena.signal });
}

async function make(arena: Arena, attempt: Attempt, tenant: Tenant): Promise<Result> {
  const { route, identity, expected } = attempt;
  const as: Scene['as'] = (who, args, input) =>
    arena.kubectl[who].run(['-n', tenant.namespace, ...args], {
      ...(input === undefined ? {} : { input: JSON.stringify(input) }),
      signal: arena.signal,
    });
  const scene: Scene = { ...arena, tenant, as, run: (args, input) => as(identity, args, input) };
  const conclude = (got: string, answer = ''): Result => {
    return { route, attempt: attempt.attempt, identity, expected, got, answer, isAsExpected: got === expected };
  };
  try {
    const consumedBefore = await countConsumed(arena.postgres.access.url, tenant.present);
    const answer = await attempt.run(scene);
    const verdict = typeof answer === 'string' ? answer : refusalOf(answer);
    const words = typeof answer === 'string' ? '' : firstLine(answer.stderr);
    if (verdict === undefined && typeof answer !== 'string' && answer.code !== 0) return conclude(`unclear: ${words}`);
    if (verdict === 'possible') return conclude(verdict, words);
    const { lost, held } = assess(tenant.present, await observe(arena.client, tenant.namespace, arena.signal));
    if (lost.length > 0) return conclude(`LOST: ${lost.join(', ')}`, words);
    if ((await countConsumed(arena.postgres.access.url, tenant.present)) > consumedBefore)
      return conclude('LOST: something was consumed', words);
    return conclude(verdict ?? (held.length > 0 ? 'held' : 'harmless'), words);
  } catch (thrown) {
    arena.signal.throwIfAborted();
    return conclude(`unclear: ${firstLine(coerceError(thrown).message)}`);
  }
}

async function isAsBefore({ client, signal }: Arena, tenant: Tenant): Promise<boolean> {
  const { lost, held } = assess(tenant.present, await observe(client, tenant.namespace, signal));
  return lost.length === 0 && held.length === 0;
}

/** What an attempt set in motion may need longer than the attempt. */
async function lookAgain(
  { client, signal }: Arena,
  options: {
    readonly results: readonly Result[];
    readonly tenants: readonly { readonly tenant: Tenant; readonly index: number }[];
    readonly report: Report;
  },
): Promise<readonly Result[]> {
  const { results, tenants, report } = options;
  report(`Looking once more at every victim, ${SETTLE_MS / 1000} s later`);
  const since = performance.now();
  await waitFor(async () => performance.now() - since > SETTLE_MS, {
    what: 'the garbage collector done',
    timeoutMs: 2 * SETTLE_MS,
    signal,
  });
  return Promise.all(
    results.map(async (result, index) => {
      const tenant = tenants.find((candidate) => candidate.index === index)?.tenant;
      if (tenant === undefined || result.expected === 'possible') return result;
      const { lost } = assess(tenant.present, await observe(client, tenant.namespace, signal));
      if (lost.length === 0) return result;
      return { ...result, got: `LOST later: ${lost.join(', ')}`, isAsExpected: false };
    }),
  );
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
