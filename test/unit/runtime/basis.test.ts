import { expect, it } from 'vitest';
import { ApiError, isConflict } from '../../../src/kube/errors.ts';
import { verifyBasis } from '../../../src/runtime/basis.ts';
import { Executor } from '../../../src/runtime/executor.ts';
import type { Plan } from '../../../src/runtime/plan.ts';
import { CONFIG_MAPS, FakeClient, made } from './fake-client.ts';

const { signal } = new AbortController();
const observed = made(CONFIG_MAPS, { name: 'a', version: '7' });
const notFound = new ApiError('no such object', { code: 404, reason: 'NotFound' });

function withGeneration(generation: number, uid?: string) {
  const object = made(CONFIG_MAPS, { name: 'a', version: '9', ...(uid === undefined ? {} : { uid }) });
  return { ...object, metadata: { ...object.metadata, generation } };
}

async function outcome(
  live: ReturnType<FakeClient['answer']>,
  seen: typeof observed | undefined = withGeneration(1),
): Promise<unknown> {
  const client = new FakeClient();
  client.answer = () => live;
  const basis = [{ resource: CONFIG_MAPS, key: { namespace: 'ns', name: 'a' }, observed: seen }];
  return verifyBasis(basis, { client, signal }).then(
    () => 'holds',
    (error: unknown) => (isConflict(error) ? 'conflict' : error),
  );
}

it.each([
  { title: 'holds while only status and labels have changed', live: withGeneration(1), expected: 'holds' },
  { title: 'is gone with a newer spec', live: withGeneration(2), expected: 'conflict' },
  { title: 'is gone with a namesake', live: withGeneration(1, 'another'), expected: 'conflict' },
  { title: 'is gone with the object', live: notFound, expected: 'conflict' },
])('what a plan was decided from $title', async ({ live, expected }) => {
  expect(await outcome(live)).toBe(expected);
});

it('what was not there holds as long as it is not, and no longer', async () => {
  const client = new FakeClient();
  const basis = [{ resource: CONFIG_MAPS, key: { namespace: 'ns', name: 'a' }, observed: undefined }];
  client.answer = () => notFound;
  await verifyBasis(basis, { client, signal });
  client.answer = () => observed;
  await expect(verifyBasis(basis, { client, signal })).rejects.toSatisfy(isConflict);
});

it('a failure to look is told as what it is', async () => {
  const failure = new ApiError('no', { code: 403 });
  expect(await outcome(failure)).toBe(failure);
});

const KEY = { namespace: 'ns', name: 'a' };
const DELETE = { resource: CONFIG_MAPS, key: KEY, uid: 'uid-a', resourceVersion: '7' };
const object = made(CONFIG_MAPS, { name: 'a', version: '7' });
const fieldManager = 'test';

it.each<{ readonly title: string; readonly plan: Partial<Plan>; readonly looks: boolean }>([
  { title: 'deletes', plan: { deletes: [DELETE] }, looks: true },
  { title: 'applies', plan: { writes: [{ kind: 'apply', resource: CONFIG_MAPS, object, fieldManager }] }, looks: true },
  {
    title: 'creates',
    plan: { writes: [{ kind: 'create', resource: CONFIG_MAPS, object, fieldManager, adoptIf: {} }] },
    looks: true,
  },
  {
    title: 'patches what it knows by its uid',
    plan: { writes: [{ kind: 'patch', resource: CONFIG_MAPS, key: KEY, uid: 'uid-a', patch: {}, fieldManager }] },
    looks: false,
  },
  { title: 'does nothing', plan: {}, looks: false },
])(
  'a plan that $title looks first: $looks; when it does not hold, nothing happens, not even an intent',
  async ({ plan, looks }) => {
    const client = new FakeClient();
    const intended: unknown[] = [];
    const executor = new Executor({
      client,
      intents: {
        approve: async () => undefined,
        record: async (intent) => void intended.push(intent),
        conclude: async () => undefined,
      },
      events: { emit: () => undefined },
    });
    const basis = [{ resource: CONFIG_MAPS, key: KEY, observed: withGeneration(1) }];
    client.answer = ({ verb }) => (verb === 'get' ? withGeneration(2) : undefined);
    const intents = [{ action: 'x', subjectUID: 'u', subject: 's', detail: {} }];
    const { failure } = await executor.execute({ basis, intents, outcome: { kind: 'settled' }, ...plan }, signal);
    expect({ isConflict: isConflict(failure), intended: intended.length }).toEqual({
      isConflict: looks,
      intended: looks ? 0 : 1,
    });
    if (looks) expect(client.log).toEqual(['get ConfigMap/a']);
  },
);
