import { Registry } from '@prometheus-io/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import type { HttpKubeClient } from '../../../src/kube/http-client.ts';
import { type KubeObject, keyOf, type ObjectKey } from '../../../src/kube/objects.ts';
import { openKubeClient } from '../../../src/kube/open-client.ts';
import { createSystemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { EventRecorder } from '../../../src/runtime/events.ts';
import { Manager } from '../../../src/runtime/manager.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import type { Plan } from '../../../src/runtime/plan.ts';
import type { Store } from '../../../src/runtime/store.ts';
import { adminKubeconfig, createNamespace, kubectl } from '../../support/control-plane.ts';
import { CONFIG_MAPS, installWidgets, WIDGETS } from './widgets.ts';

const { signal } = new AbortController();
const WRITE = { fieldManager: 'test', signal };
const FINALIZER = 'example.test/widget';
const OWNER = 'example.test/owner';

interface Widget extends KubeObject {
  readonly status?: { readonly phase?: string };
}

interface Snapshot {
  readonly widget: Widget;
  readonly child: KubeObject | undefined;
}

let client: HttpKubeClient;
let namespace: string;
let stop: AbortController;
let running: Promise<void>;
let widgets: Store<Widget>;
let children: Store<KubeObject>;
/** Plans of passes over a widget, in order. */
let plans: Plan[];

beforeAll(async () => {
  client = openKubeClient({ kubeconfig: adminKubeconfig(), userAgent: 'test' }).client;
  await installWidgets(client);
});
afterAll(() => client.close());

beforeEach(async () => {
  namespace = await createNamespace();
  plans = [];
  stop = new AbortController();
  start();
});

afterEach(async () => {
  stop.abort(new Error('end of the test'));
  await running;
});

/** A whole controller: each Widget has a finalizer and a ConfigMap of its name, and takes it along. */
function start(): void {
  const log = createLogger({ name: 'test', level: 'silent' });
  const clock = createSystemClock();
  const metrics = createRuntimeMetrics(new Registry());
  const manager = new Manager({
    client,
    clock,
    random: Math.random,
    log,
    metrics,
    intents: { approve: async () => undefined, record: async () => undefined, conclude: async () => undefined },
    events: new EventRecorder({ client, clock, random: Math.random, log, metrics, signal: stop.signal }),
  });
  widgets = manager.store<Widget>({ resource: WIDGETS, project: (object) => object, select: { namespace } });
  children = manager.store({ resource: CONFIG_MAPS, project: (object) => object, select: { namespace } });
  const handle = manager.controller<Snapshot>({
    concurrency: 4,
    controller: {
      name: 'widget',
      gather: async (key) => {
        const widget = widgets.get(key);
        return widget === undefined ? undefined : { widget, child: children.get(key) };
      },
      plan: (snapshot, { lastFailure }) => {
        const plan = planWidget(snapshot, lastFailure?.message);
        plans.push(plan);
        return plan;
      },
    },
  });
  handle.watch(widgets, keysOf);
  handle.watch(children, keysOf);
  running = manager.run({ stop: stop.signal, kill: stop.signal });
}

function keysOf(before: KubeObject | undefined, after: KubeObject | undefined): readonly ObjectKey[] {
  const object = after ?? before;
  return object === undefined ? [] : [keyOf(object)];
}

function planWidget({ widget, child }: Snapshot, lastFailure: string | undefined): Plan {
  const { metadata } = widget;
  const { uid = '', resourceVersion = '', finalizers = [] } = metadata;
  const key = keyOf(widget);
  const change = {
    resource: WIDGETS,
    key,
    uid,
    resourceVersion,
    observed: finalizers,
    finalizer: FINALIZER,
    fieldManager: 'test',
  };
  const outcome = { kind: 'settled' } as const;
  if (metadata.deletionTimestamp !== undefined) {
    if (child === undefined) return finalizers.includes(FINALIZER) ? { removeFinalizer: change, outcome } : { outcome };
    const deletion = {
      resource: CONFIG_MAPS,
      key,
      uid: child.metadata.uid ?? '',
      resourceVersion: child.metadata.resourceVersion ?? '',
    };
    return { deletes: [deletion], outcome };
  }
  if (!finalizers.includes(FINALIZER)) return { addFinalizer: change, outcome };
  const phase = lastFailure ?? 'Ready';
  const status = { resource: WIDGETS, key, uid, resourceVersion, patch: { phase }, fieldManager: 'test' };
  const regarding = { apiVersion: widget.apiVersion, kind: widget.kind, namespace: key.namespace, name: key.name, uid };
  const create = {
    kind: 'create',
    resource: CONFIG_MAPS,
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key, annotations: { [OWNER]: uid } } },
    adoptIf: { [OWNER]: uid },
    fieldManager: 'test',
  } as const;
  return {
    writes: child?.metadata.annotations?.[OWNER] === uid ? [] : [create],
    ...(widget.status?.phase === phase ? {} : { status }),
    ...(child === undefined
      ? { events: [{ type: 'Normal', reason: 'Created', action: 'Create', note: 'Made its ConfigMap', regarding }] }
      : {}),
    outcome,
  };
}

async function createWidget(name: string): Promise<Widget> {
  return client.create<Widget>(
    WIDGETS,
    { apiVersion: 'example.test/v1', kind: 'Widget', metadata: { namespace, name } },
    WRITE,
  );
}

async function until(what: string, ask: () => boolean | Promise<boolean>): Promise<void> {
  await waitFor(async () => ask(), { what, timeoutMs: 15_000, intervalMs: 10 });
}

function phaseOf(name: string): string | undefined {
  return widgets.get({ namespace, name })?.status?.phase;
}

async function isGone(name: string): Promise<boolean> {
  return client.get(WIDGETS, { namespace, name }, { signal }).then(() => false, isNotFound);
}

describe('a controller on a real apiserver', () => {
  it('brings an object to its end with one pass per step and no write after it', async () => {
    await createWidget('w');
    await until('Ready', () => phaseOf('w') === 'Ready');
    await until('the last pass', () => plans.at(-1)?.writes?.length === 0 && plans.at(-1)?.status === undefined);
    const writing = plans.filter(
      ({ addFinalizer, writes, status }) =>
        addFinalizer !== undefined || (writes?.length ?? 0) > 0 || status !== undefined,
    );
    expect(writing.map(({ addFinalizer }) => addFinalizer !== undefined)).toEqual([true, false]);
    const { stdout } = await kubectl(['get', 'events.events.k8s.io', '-o', 'jsonpath={.items[*].reason}'], {
      namespace,
    });
    expect(stdout.split(' ')).toContain('Created');
  });

  it('brings many to their end, each with its own ConfigMap', async () => {
    const names = Array.from({ length: 40 }, (_none, index) => `w-${index}`);
    await Promise.all(names.map(createWidget));
    await until('all Ready', () => names.every((name) => phaseOf(name) === 'Ready'));
    for (const name of names) {
      const owner = children.get({ namespace, name })?.metadata.annotations?.[OWNER];
      expect(owner).toBe(widgets.get({ namespace, name })?.metadata.uid);
    }
  });

  it('makes a lost child again', async () => {
    await createWidget('w');
    await until('Ready', () => phaseOf('w') === 'Ready');
    const before = children.get({ namespace, name: 'w' })?.metadata.uid;
    await client.delete(CONFIG_MAPS, { namespace, name: 'w' }, { signal });
    await until(
      'another child',
      () => ![undefined, before].includes(children.get({ namespace, name: 'w' })?.metadata.uid),
    );
  });

  it('deletes what it made before it lets the object go', async () => {
    await createWidget('w');
    await until('Ready', () => phaseOf('w') === 'Ready');
    await client.delete(WIDGETS, { namespace, name: 'w' }, { signal });
    await until('it to be gone', () => isGone('w'));
    expect(await client.get(CONFIG_MAPS, { namespace, name: 'w' }, { signal }).catch(isNotFound)).toBe(true);
  });

  it('refuses a name that is taken, says so in status, and goes on once it is free', async () => {
    await client.create(
      CONFIG_MAPS,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'w' } },
      WRITE,
    );
    await createWidget('w');
    await until('the refusal', () => phaseOf('w')?.includes('belongs to something else') === true);
    await client.delete(CONFIG_MAPS, { namespace, name: 'w' }, { signal });
    await until('Ready', () => phaseOf('w') === 'Ready');
  });

  it('goes on where another process was cut off, and adopts what that one made', async () => {
    stop.abort(new Error('crash'));
    await running;
    const { metadata } = await createWidget('w');
    await client.patch(WIDGETS, { namespace, name: 'w' }, { metadata: { finalizers: [FINALIZER] } }, WRITE);
    const annotations = { [OWNER]: metadata.uid ?? '' };
    const orphan: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'w', annotations } };
    const made = await client.create(CONFIG_MAPS, orphan, WRITE);
    stop = new AbortController();
    start();
    await until('Ready', () => phaseOf('w') === 'Ready');
    expect(children.get({ namespace, name: 'w' })?.metadata.uid).toBe(made.metadata.uid);
  });
});
