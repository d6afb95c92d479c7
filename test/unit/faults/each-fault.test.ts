import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ORGS, PODS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import { keyOf } from '../../../src/kube/objects.ts';
import type { Fault, FaultKind, Where } from '../../memory-api/faults.ts';
import type { TestOperator } from './operator.ts';
import { World } from './world.ts';

/** Which an operator watches. */
const KINDS = 10;
const A = { namespace: 'acme', name: 'a' };

let world: World;
let operator: TestOperator;

beforeEach(async () => {
  world = await World.create(1);
  world.users.createOrg('acme', 'agent:1');
  world.users.createWorkspace(A);
  operator = world.startOperator();
});

afterEach(async () => {
  expect([...world.audit.violations]).toEqual([]);
  expect(await world.close()).toEqual([]);
});

/** Everything is in order; then the fault begins, somebody edits a Workspace, and the fault ends. */
async function meet(fault: FaultKind & { readonly where?: Where }, durationMs: number): Promise<Fault> {
  await healed();
  const injected = { ...fault, startMs: world.nowMs + 1_000, durationMs };
  world.server.inject(injected);
  await world.clock.advance(1_000 + durationMs / 2);
  editA();
  await world.clock.advance(durationMs / 2);
  return injected;
}

function editA(): void {
  world.audit.unwant('acme');
  world.users.patch(WORKSPACES, A, { spec: { image: `agent:${world.nowMs}` } });
}

function editPlatformAgent(): void {
  world.audit.unwant('acme');
  world.users.patch(
    ORGS,
    { namespace: 'acme', name: 'org' },
    { spec: { platformAgent: { image: `agent:${world.nowMs}` } } },
  );
}

/** How long it took until everything was in order again; fails where it is not within a minute. */
async function healed(withinMs = 60_000): Promise<number> {
  const { afterMs, faults } = await world.heal(withinMs);
  expect(faults).toEqual([]);
  return afterMs;
}

const relists = (reason: string): Promise<number> => operator.metric('molecule_watch_relists_total', { reason });
const watchErrors = (reason?: string): Promise<number> =>
  operator.metric('molecule_watch_errors_total', reason === undefined ? {} : { reason });
const answers = (code: number): Promise<number> =>
  operator.metric('rest_client_requests_total', { code: String(code) });

describe('a refusal', () => {
  it('of a rotated token makes the operator read its file anew, and nothing breaks', async () => {
    await meet({ kind: 'token rotation' }, 1);
    expect(await healed()).toBeLessThanOrEqual(10_000);
    expect({ refused: (await answers(401)) > 0, broken: await watchErrors() }).toEqual({ refused: true, broken: 0 });
  });

  it('of a token whose file has no new one yet is asked about again until it has', async () => {
    await meet({ kind: 'token rotation' }, 40_000);
    await healed();
    expect(await answers(401)).toBeGreaterThan(0);
  });

  it.each([
    { code: 403, reason: 'Forbidden' },
    { code: 500, reason: 'InternalError' },
    { code: 503, reason: 'ServiceUnavailable' },
    { code: 429, reason: 'TooManyRequests', retryAfterSeconds: 5 },
  ])('with $code of everything for a minute is no reason to hammer, and heals', async (refusal) => {
    const fault = await meet({ kind: 'refusal', ...refusal }, 60_000);
    const asked = world.server.hitsOf(fault);
    await healed();
    expect({ seen: await answers(refusal.code), isPatient: asked < 200 }).toEqual({ seen: asked, isPatient: true });
  });

  it('of all writes as conflicts, with a real competing writer, ends in no lost update', async () => {
    const touch = (): void => {
      for (const resource of [ORGS, WORKSPACES, PODS])
        for (const object of world.api.objects(resource))
          world.users.patch(resource, keyOf(object), { metadata: { annotations: { touched: String(world.nowMs) } } });
    };
    for (let atMs = 0; atMs < 30_000; atMs += 500) world.clock.schedule(atMs, touch);
    await meet({ kind: 'conflict' }, 30_000);
    await healed();
    expect(await answers(409)).toBeGreaterThan(0);
    expect(await operator.metric('controller_runtime_reconcile_total', { result: 'requeue' })).toBeGreaterThan(0);
  });
});

describe('a connection', () => {
  it('that is reset before its request is served is made anew', async () => {
    await meet({ kind: 'reset', when: 'before' }, 20_000);
    await healed();
    expect(await answers(0)).toBeGreaterThan(0);
  });

  it('that is reset after the write was applied costs no second write', async () => {
    await healed();
    const made = (): number =>
      world.api.requests.filter(({ method, path }) => method === 'POST' && path.includes('/pods')).length;
    const before = made();
    await meet({ kind: 'reset', when: 'after', where: { verbs: ['create', 'delete'] } }, 20_000);
    await healed();
    const [pod] = world.api.objects(PODS).filter(({ metadata }) => metadata.name.startsWith('a-'));
    expect({ pod: pod !== undefined, lost: (await answers(0)) > 0 }).toEqual({ pod: true, lost: true });
    // One that was applied and not answered, and its repetition, which is told that the name is taken.
    expect(made() - before).toBeLessThanOrEqual(2);
  });

  it('that is half open is noticed by its pings within half a minute', async () => {
    await meet({ kind: 'silence' }, 2);
    expect(await healed()).toBeLessThanOrEqual(30_000);
    expect(await watchErrors('connection')).toBeGreaterThan(0);
  });

  it('that the server wants to end is replaced, and its watches go on over another one without a list', async () => {
    await meet({ kind: 'goaway' }, 10_000);
    expect(await healed()).toBeLessThanOrEqual(10_000);
    await world.clock.advance(30_000);
    expect({
      more: (await operator.metric('molecule_apiserver_connections_total')) > 3,
      lists: (await operator.metric('molecule_watch_relists_total')) - (await relists('start')),
    }).toEqual({ more: true, lists: 0 });
  });

  it('that the server wants to end and that then falls silent is not trusted for longer than another', async () => {
    await healed();
    world.server.inject({ kind: 'goaway', startMs: world.nowMs, durationMs: 1 });
    await meet({ kind: 'silence' }, 2);
    expect(await healed()).toBeLessThanOrEqual(30_000);
  });
});

describe('a watch', () => {
  it.each([
    {
      title: 'cut in a line is resumed, not listed anew',
      fault: { kind: 'cut watch' },
      broken: 'connection',
      listed: 0,
    },
    {
      title: 'ended by an ERROR event is listed anew',
      fault: { kind: 'error event', code: 500, reason: 'InternalError' },
      broken: 'error_event',
      listed: KINDS,
    },
    {
      title: 'ended by an ERROR event with 410 is listed anew',
      fault: { kind: 'error event', code: 410, reason: 'Expired' },
      broken: 'expired',
      listed: KINDS,
    },
    { title: 'with garbage in it is listed anew', fault: { kind: 'garbage' }, broken: 'garbage', listed: KINDS },
  ] as const)('$title', async ({ fault, broken, listed }) => {
    await meet(fault, 1);
    expect(await healed()).toBeLessThanOrEqual(10_000);
    expect({ broken: await watchErrors(broken), listed: await relists(broken) }).toEqual({ broken: KINDS, listed });
  });

  it('that cannot resume from a compacted past is listed anew', async () => {
    await healed();
    world.server.inject({ kind: 'cut watch', startMs: world.nowMs + 1_000, durationMs: 1 });
    await world.clock.advance(1_001);
    editA();
    world.api.compact();
    expect(await healed()).toBeLessThanOrEqual(10_000);
    expect(await relists('expired')).toBeGreaterThan(0);
  });

  it('that is refused with 410 is listed anew', async () => {
    await healed();
    const atMs = world.nowMs + 1_000;
    const where = { verbs: ['watch'] } as const;
    world.server.inject({ kind: 'refusal', code: 410, reason: 'Expired', where, startMs: atMs, durationMs: 5_000 });
    world.server.inject({ kind: 'cut watch', startMs: atMs, durationMs: 1 });
    await world.clock.advance(6_000);
    await healed();
    expect({ refused: (await answers(410)) > 0, listed: (await relists('expired')) > 0 }).toEqual({
      refused: true,
      listed: true,
    });
  });

  it('that is stuck on a connection that lives is given up when bookmarks are missing, and moves to another', async () => {
    await meet({ kind: 'stuck watch' }, 1);
    expect({ healedInTime: (await healed(100_000)) <= 95_000, broken: await watchErrors('silence') }).toEqual({
      healedInTime: true,
      broken: KINDS,
    });
  });

  it('of a kind that is not served is asked for at least twice a minute and hardly more, for as long as it takes', async () => {
    const fault = await meet({ kind: 'kind gone', where: { plural: 'workspaces', verbs: ['watch'] } }, 1_200_000);
    const asked = world.server.hitsOf(fault);
    expect({ often: asked >= 40, seldom: asked <= 95 }).toEqual({ often: true, seldom: true });
    expect(await healed()).toBeLessThanOrEqual(35_000);
  });
});

describe('a list', () => {
  it('that dribbles delays the first decision, and none is made from half of it', async () => {
    world.server.inject({ kind: 'slow list', everyMs: 3_000, startMs: world.nowMs, durationMs: 12_000 });
    for (const name of ['b', 'c', 'd']) world.users.createWorkspace({ namespace: 'acme', name });
    const writes = (): number => world.api.requests.filter(({ path }) => path.includes('fieldManager=')).length;
    await world.clock.advance(9_000);
    expect({ writes: writes(), known: operator.isHealthy }).toEqual({ writes: 0, known: false });
    await healed();
    expect(await operator.metric('molecule_watch_list_seconds_sum', { kind: 'Workspace' })).toBeGreaterThan(10);
  });
});

describe('an object', () => {
  it('that was deleted and made anew while nobody looked is another one: it gets a Pod and a volume of its own', async () => {
    await healed();
    const before = world.api.object(WORKSPACES, A);
    world.server.inject({ kind: 'cut watch', startMs: world.nowMs + 1_000, durationMs: 1 });
    await world.clock.advance(1_001);
    world.users.recreate(WORKSPACES, A);
    await healed();
    const after = world.api.object(WORKSPACES, A);
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(world.api.objects(PODS).filter(({ metadata }) => metadata.name.startsWith('a-'))).toHaveLength(2);
  });

  it('whose kind disappeared with everything in it is made anew when it is back', async () => {
    await healed();
    for (const { metadata } of world.api.objects(WORKSPACES)) world.users.abandoned.add(metadata.uid ?? '');
    world.audit.unwant('acme');
    world.api.removeKind(WORKSPACES);
    await world.clock.advance(120_000);
    expect(await answers(404)).toBeGreaterThan(0);
    world.api.addKind(WORKSPACES);
    world.users.createWorkspace(A);
    await healed();
  });
});

describe('two operators at once', () => {
  it('do no harm to each other', async () => {
    world.startOperator();
    await healed();
    editA();
    await world.clock.advance(1_000);
    await healed();
  });

  it('do none when one has an old view: it does not undo what the other makes from the new one', async () => {
    world.startOperator();
    await healed();
    const where = { plural: 'workspaces', verbs: ['watch'], user: 'operator-1' } as const;
    await meet({ kind: 'kind gone', where }, 60_000);
    expect([...world.audit.violations]).toEqual([]);
    await healed();
    expect(await operator.metric('controller_runtime_reconcile_total', { result: 'requeue' })).toBeGreaterThan(0);
  });

  it.each([
    { title: 'a Pod', edit: editA },
    { title: 'the platform agent', edit: editPlatformAgent },
  ])(
    'do none when one was stopped between a decision about $title and its write, and wakes up in another world',
    async ({ edit }) => {
      world.startOperator();
      await healed();
      operator.freezer.arm();
      edit();
      await world.clock.advance(20_000);
      edit();
      await world.clock.advance(20_000);
      operator.freezer.thaw();
      await healed();
      expect(await answers(409)).toBeGreaterThan(0);
    },
  );
});
