import { beforeEach, describe, expect, it } from 'vitest';
import { isConflict } from '../../../src/kube/errors.ts';
import { RefusedError } from '../../../src/runtime/classify.ts';
import type { Execution } from '../../../src/runtime/executor.ts';
import { Executor } from '../../../src/runtime/executor.ts';
import type { CreateEffect, FinalizerChange, Plan } from '../../../src/runtime/plan.ts';
import { alreadyExists, type Call, CONFIG_MAPS, conflict, FakeClient, made, PODS, WIDGETS } from './fake-client.ts';

const FINALIZER: FinalizerChange = {
  resource: WIDGETS,
  key: { namespace: 'ns', name: 'w' },
  uid: 'uid-w',
  resourceVersion: '7',
  observed: ['example.test/a', 'example.test/b'],
  finalizer: 'example.test/b',
  fieldManager: 'test',
};
const VOLUME: CreateEffect = {
  kind: 'create',
  resource: CONFIG_MAPS,
  object: {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'ns', name: 'volume', annotations: { owner: 'me' } },
  },
  adoptIf: { owner: 'me' },
  fieldManager: 'test',
};
const POD: CreateEffect = {
  kind: 'create',
  resource: PODS,
  object: { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'ns', name: 'pod' } },
  controlledBy: { resource: CONFIG_MAPS, key: { namespace: 'ns', name: 'volume' } },
  adoptIf: {},
  fieldManager: 'test',
};
const WHOLE: Plan = {
  intents: [{ action: 'delete', subjectUID: 'uid-w', subject: 'Widget ns/w', detail: {} }],
  writes: [
    VOLUME,
    POD,
    {
      kind: 'patch',
      resource: PODS,
      key: { namespace: 'ns', name: 'old' },
      uid: 'uid-old',
      patch: { metadata: { labels: { a: 'b' } } },
      fieldManager: 'test',
    },
    {
      kind: 'apply',
      resource: CONFIG_MAPS,
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'ns', name: 'applied' } },
      fieldManager: 'test',
    },
  ],
  deletes: [{ resource: PODS, key: { namespace: 'ns', name: 'doomed' }, uid: 'uid-doomed', resourceVersion: '5' }],
  outcomes: [{ action: 'delete', subjectUID: 'uid-w', result: {} }],
  status: {
    resource: WIDGETS,
    key: { namespace: 'ns', name: 'w' },
    uid: 'uid-w',
    resourceVersion: '7',
    patch: { ready: true },
    fieldManager: 'test',
  },
  claims: [{ kind: 'release', id: 'id-w', holderUID: 'uid-w' }],
  events: [
    {
      type: 'Normal',
      reason: 'Done',
      action: 'Do',
      note: 'Done',
      regarding: { apiVersion: 'example.test/v1', kind: 'Widget', namespace: 'ns', name: 'w', uid: 'uid-w' },
    },
  ],
  removeFinalizer: FINALIZER,
  outcome: { kind: 'settled' },
};

let client: FakeClient;
/** Everything that was done, in order, whoever it was asked of. */
let steps: string[];
let ledgerFailure: { readonly on: 'record' | 'conclude'; readonly error: Error } | undefined;
let executor: Executor;
const { signal } = new AbortController();

beforeEach(() => {
  client = new FakeClient();
  steps = [];
  ledgerFailure = undefined;
  const record = (step: 'approve' | 'record' | 'conclude') => async () => {
    if (ledgerFailure?.on === step) throw ledgerFailure.error;
    steps.push(step);
  };
  executor = new Executor({
    client,
    intents: { approve: record('approve'), record: record('record'), conclude: record('conclude') },
    claims: { submit: ({ kind, id }) => void steps.push(`${kind} ${id}`) },
    events: { emit: ({ reason }) => void steps.push(`event ${reason}`) },
  });
  answer(() => undefined);
});

function answer(script: (step: string, call: Call) => ReturnType<FakeClient['answer']>): void {
  client.answer = (call) => {
    const step = client.log.at(-1) ?? '';
    steps.push(step);
    return script(step, call);
  };
}

function body(step: string): unknown {
  return client.calls[client.log.indexOf(step)]?.body;
}

const EVERYTHING = [
  'record',
  'create ConfigMap/volume',
  'create Pod/pod',
  'patch Pod/old',
  'apply ConfigMap/applied',
  'delete Pod/doomed',
  'conclude',
  'patch Widget/w/status',
  'release id-w',
  'event Done',
  'patch Widget/w',
];
const STATUS = 'patch Widget/w/status';

describe('the executor', () => {
  it('does everything in its one order', async () => {
    const { failure, written } = await executor.execute(WHOLE, signal);
    expect(failure).toBeUndefined();
    expect(steps).toEqual(EVERYTHING);
    expect(written.map(({ resource }) => resource.kind)).toEqual([
      'ConfigMap',
      'Pod',
      'Pod',
      'ConfigMap',
      'Widget',
      'Widget',
    ]);
    expect(new Set(written.map((write) => 'resourceVersion' in write && write.resourceVersion)).size).toBe(
      written.length,
    );
  });

  it.each(EVERYTHING.filter((step) => /^(create|patch Pod|apply|delete)/.test(step)))(
    'stops at %s when that fails, and writes status and its Events all the same',
    async (failing) => {
      const error = new Error('no');
      answer((step) => (step === failing ? error : undefined));
      const { failure } = await executor.execute(WHOLE, signal);
      expect(failure).toBe(error);
      expect(steps).toEqual([...EVERYTHING.slice(0, EVERYTHING.indexOf(failing) + 1), STATUS, 'event Done']);
    },
  );

  it('tells nobody of what failed where no status says it, because the next plan will say it again', async () => {
    const { status: _status, ...silent } = WHOLE;
    answer((step) => (step === 'create Pod/pod' ? new Error('no') : undefined));
    await executor.execute(silent, signal);
    expect(steps.at(-1)).toBe('create Pod/pod');
  });

  it('tells what was done where there is no status to write', async () => {
    const { status: _status, ...silent } = WHOLE;
    await executor.execute(silent, signal);
    expect(steps).toEqual(EVERYTHING.filter((step) => step !== STATUS));
  });

  it('tells nobody and keeps the finalizer when only status fails', async () => {
    const error = conflict();
    answer((step) => (step === STATUS ? error : undefined));
    const { failure, written } = await executor.execute(WHOLE, signal);
    expect(failure).toBe(error);
    expect(steps.at(-1)).toBe(STATUS);
    expect(written).toHaveLength(4);
  });

  it('reports the effect that failed, not the status that failed after it', async () => {
    const first = new Error('first');
    answer((step) => (step === 'create Pod/pod' ? first : step === STATUS ? new Error('second') : undefined));
    expect((await executor.execute(WHOLE, signal)).failure).toBe(first);
  });

  it('does nothing but add a finalizer where one is to be added', async () => {
    const add = { ...FINALIZER, observed: [], finalizer: 'example.test/c' };
    await executor.execute({ ...WHOLE, addFinalizer: add }, signal);
    expect(steps).toEqual(['patch Widget/w']);
  });
});

describe('a create that takes nothing over', () => {
  it('is a conflict where the name is taken, and leaves who has it unread and unchanged', async () => {
    answer((step) => (step === 'create ConfigMap/volume' ? alreadyExists() : undefined));
    const { adoptIf: _adoptIf, ...effect } = VOLUME;
    const { failure } = await executor.execute({ writes: [effect], outcome: { kind: 'settled' } }, signal);
    expect(failure).toSatisfy(isConflict);
    expect(steps).toEqual(['create ConfigMap/volume']);
  });
});

describe('an intent', () => {
  it('that cannot be recorded stops everything but status and its Events', async () => {
    const cause = new Error('connection refused');
    ledgerFailure = { on: 'record', error: cause };
    const { failure } = await executor.execute(WHOLE, signal);
    expect(failure).toBeInstanceOf(RefusedError);
    expect(failure).toMatchObject({ reason: 'LedgerUnavailable', cause });
    expect(steps).toEqual([STATUS, 'event Done']);
  });

  it('that cannot be concluded keeps the finalizer', async () => {
    ledgerFailure = { on: 'conclude', error: new Error('connection refused') };
    const { failure } = await executor.execute(WHOLE, signal);
    expect(failure).toBeInstanceOf(RefusedError);
    expect(steps.slice(-3)).toEqual(['delete Pod/doomed', STATUS, 'event Done']);
  });

  it('that is cut off by shutdown is no refusal', async () => {
    const reason = new Error('stopping');
    ledgerFailure = { on: 'record', error: new Error('query cancelled') };
    expect((await executor.execute(WHOLE, AbortSignal.abort(reason))).failure).toBe(reason);
  });
});

describe('a create', () => {
  const taken = async (existing: Parameters<typeof made>[1], volume: CreateEffect = VOLUME): Promise<Execution> => {
    answer((step) => {
      if (step === 'create ConfigMap/volume') return alreadyExists();
      if (step === 'get ConfigMap/volume') return made(CONFIG_MAPS, existing);
      return undefined;
    });
    return executor.execute({ writes: [volume, POD], outcome: { kind: 'settled' } }, signal);
  };

  it('is controlled by what the same plan created before', async () => {
    await executor.execute({ writes: [VOLUME, POD], outcome: { kind: 'settled' } }, signal);
    const owner = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'volume',
      uid: 'uid-volume',
      controller: true,
      blockOwnerDeletion: false,
    };
    expect(body('create Pod/pod')).toMatchObject({ metadata: { ownerReferences: [owner] } });
    expect(body('create ConfigMap/volume')).toEqual(VOLUME.object);
  });

  it('is controlled by the uid that the plan names', async () => {
    const named = { resource: CONFIG_MAPS, key: { namespace: 'ns', name: 'volume' }, uid: 'known' };
    await executor.execute({ writes: [{ ...POD, controlledBy: named }], outcome: { kind: 'settled' } }, signal);
    expect(body('create Pod/pod')).toMatchObject({ metadata: { ownerReferences: [{ uid: 'known' }] } });
  });

  it('is not sent without the uid of its controller', async () => {
    const { failure } = await executor.execute({ writes: [POD], outcome: { kind: 'settled' } }, signal);
    expect(failure?.message).toContain('neither knows its uid');
    expect(steps).toEqual([]);
  });

  it('adopts its own object of an earlier attempt, uid and version included', async () => {
    const { failure, written } = await taken({
      name: 'volume',
      version: '3',
      uid: 'earlier',
      annotations: { owner: 'me', other: 'x' },
    });
    expect(failure).toBeUndefined();
    expect(body('create Pod/pod')).toMatchObject({ metadata: { ownerReferences: [{ uid: 'earlier' }] } });
    expect(written[0]).toEqual({ resource: CONFIG_MAPS, resourceVersion: '3' });
  });

  it('puts its labels back on its own object, which no store would show without them', async () => {
    const { failure } = await taken({ name: 'volume', version: '3', uid: 'earlier', annotations: { owner: 'me' } });
    expect(failure).toBeUndefined();
    expect(steps).not.toContain('patch ConfigMap/volume');
    steps.length = 0;
    const labelled = {
      ...VOLUME,
      object: { ...VOLUME.object, metadata: { ...VOLUME.object.metadata, labels: { ours: 'yes' } } },
    };
    await taken({ name: 'volume', version: '3', uid: 'earlier', annotations: { owner: 'me' } }, labelled);
    expect(body('patch ConfigMap/volume')).toEqual({ metadata: { uid: 'earlier', labels: { ours: 'yes' } } });
  });

  it.each([
    { title: 'somebody else made', existing: { annotations: { owner: 'you' } }, why: 'belongs to something else' },
    { title: 'nobody marked', existing: {}, why: 'belongs to something else' },
    {
      title: 'is being deleted',
      existing: { annotations: { owner: 'me' }, deletionTimestamp: '2026-01-01T00:00:00Z' },
      why: 'still being deleted',
    },
  ])('is refused where the name is taken by one that $title', async ({ existing, why }) => {
    const { failure } = await taken({ name: 'volume', version: '3', ...existing });
    expect(failure).toBeInstanceOf(RefusedError);
    expect(failure?.message).toContain(why);
    expect(steps).toEqual(['create ConfigMap/volume', 'get ConfigMap/volume']);
  });
});

describe('a precondition', () => {
  it('of uid is put into a merge patch', async () => {
    await executor.execute(WHOLE, signal);
    expect(body('patch Pod/old')).toEqual({ metadata: { labels: { a: 'b' }, uid: 'uid-old' } });
  });

  it('of uid and version is put into a delete and into status', async () => {
    await executor.execute(WHOLE, signal);
    expect(body('delete Pod/doomed')).toEqual({ uid: 'uid-doomed', resourceVersion: '5' });
    expect(body(STATUS)).toEqual({ metadata: { uid: 'uid-w', resourceVersion: '7' }, status: { ready: true } });
  });

  it.each([
    {
      title: 'removes our finalizer from those that were read',
      change: { removeFinalizer: FINALIZER },
      observed: FINALIZER.observed,
      next: ['example.test/a'],
    },
    {
      title: 'removes the last finalizer',
      change: { removeFinalizer: { ...FINALIZER, observed: ['example.test/b'] } },
      observed: ['example.test/b'],
      next: [],
    },
    {
      title: 'adds our finalizer to those that were read',
      change: { addFinalizer: { ...FINALIZER, finalizer: 'example.test/c' } },
      observed: FINALIZER.observed,
      next: [...FINALIZER.observed, 'example.test/c'],
    },
    {
      title: 'adds the first finalizer only where there is still none',
      change: { addFinalizer: { ...FINALIZER, observed: [] } },
      observed: null,
      next: ['example.test/b'],
    },
  ])('$title', async ({ change, observed, next }) => {
    await executor.execute({ ...change, outcome: { kind: 'settled' } }, signal);
    expect(client.calls[0]?.body).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'uid-w' },
      { op: 'test', path: '/metadata/finalizers', value: observed },
      { op: 'add', path: '/metadata/finalizers', value: next },
    ]);
  });

  it.each([
    ['ends an object that is being deleted', '2026-03-01T10:00:00Z', undefined, true],
    ['is not the last of one', '2026-03-01T10:00:00Z', ['example.test/a'], false],
    ['is the last of an object that stays', undefined, undefined, false],
  ])('tells what to wait for when the finalizer %s', async (_sentence, deletionTimestamp, finalizers, isGone) => {
    const metadata = {
      name: 'w',
      uid: 'uid-w',
      resourceVersion: '7',
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(finalizers === undefined ? {} : { finalizers }),
    };
    client.answer = () => ({ apiVersion: 'example.test/v1', kind: 'Widget', metadata });
    const { written } = await executor.execute({ removeFinalizer: FINALIZER, outcome: { kind: 'settled' } }, signal);
    const { resource, key, uid } = FINALIZER;
    expect(written).toEqual([isGone ? { resource, gone: key, uid } : { resource, resourceVersion: '7' }]);
  });
});
