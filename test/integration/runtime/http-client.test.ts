import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ApiError, isAlreadyExists, isConflict, isNotFound, isNotServed } from '../../../src/kube/errors.ts';
import type { HttpKubeClient } from '../../../src/kube/http-client.ts';
import type { KubeObject, Resource } from '../../../src/kube/objects.ts';
import { openKubeClient } from '../../../src/kube/open-client.ts';
import { adminKubeconfig, createNamespace, serviceAccountKubeconfig } from '../../support/control-plane.ts';
import { CONFIG_MAPS, installWidgets, WIDGETS } from './widgets.ts';

const { signal } = new AbortController();
const WRITE = { fieldManager: 'test', signal };
let client: HttpKubeClient;
let namespace: string;

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface Widget extends KubeObject {
  readonly spec?: { readonly size?: number };
  readonly status?: { readonly phase?: string };
}

beforeAll(async () => {
  client = openKubeClient({ kubeconfig: adminKubeconfig(), userAgent: 'test' }).client;
  await installWidgets(client);
});
afterAll(() => client.close());
beforeEach(async () => {
  namespace = await createNamespace();
});

function configMap(name: string, data: Readonly<Record<string, string>> = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
}

function widget(name: string): Widget {
  return { apiVersion: 'example.test/v1', kind: 'Widget', metadata: { namespace, name }, spec: { size: 1 } };
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it went through'),
    (error: unknown) => error,
  );
}

describe('reads', () => {
  it('list in pages, whose items say what they are', async () => {
    for (const name of ['a', 'b', 'c']) await client.create(CONFIG_MAPS, configMap(name), WRITE);
    const select = { namespace, fieldSelector: 'metadata.name!=kube-root-ca.crt', signal };
    const first = await client.list<ConfigMap>(CONFIG_MAPS, { ...select, limit: 2 });
    const rest = await client.list<ConfigMap>(CONFIG_MAPS, { ...select, limit: 2, continue: first.continue ?? '' });
    expect(
      [...first.items, ...rest.items].map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name]),
    ).toEqual(['a', 'b', 'c'].map((name) => ['v1', 'ConfigMap', name]));
    expect(rest.continue).toBeUndefined();
  });

  it('of metadata alone leave the rest out', async () => {
    await client.create(CONFIG_MAPS, configMap('a', { secret: 'x' }), WRITE);
    const select = { namespace, fieldSelector: 'metadata.name=a', metadataOnly: true, signal };
    const { items } = await client.list<ConfigMap>(CONFIG_MAPS, select);
    expect(items).toMatchObject([{ metadata: { name: 'a' } }]);
    expect(items).toEqual([expect.not.objectContaining({ data: expect.anything() })]);
  });

  it('reject with NotFound for what is not there', async () => {
    expect(await rejection(client.get(CONFIG_MAPS, { namespace, name: 'no' }, { signal }))).toSatisfy(isNotFound);
  });

  it('are made as the ServiceAccount whose token file the kubeconfig names', async () => {
    const account = openKubeClient({
      kubeconfig: await serviceAccountKubeconfig({ namespace, name: 'reader' }),
      userAgent: 'test',
    });
    const error = await rejection(account.client.list(CONFIG_MAPS, { namespace, signal }));
    account.client.close();
    expect(error).toMatchObject({
      code: 403,
      message: expect.stringContaining(`system:serviceaccount:${namespace}:reader`),
    });
  });
});

describe('a watch', () => {
  it('streams the present state, its end, and then changes', async () => {
    await client.create(CONFIG_MAPS, configMap('before'), WRITE);
    const seen: string[] = [];
    for await (const event of client.watch<ConfigMap>(CONFIG_MAPS, { namespace, sendInitialEvents: true, signal })) {
      if (event.type === 'BOOKMARK') {
        if (!event.initialEventsEnd) continue;
        seen.push('synced');
        await client.create(CONFIG_MAPS, configMap('after'), WRITE);
        await client.delete(CONFIG_MAPS, { namespace, name: 'after' }, { signal });
      } else if (event.object.metadata.name !== 'kube-root-ca.crt') {
        seen.push(`${event.type} ${event.object.metadata.name}`);
        if (event.type === 'DELETED') break;
      }
    }
    expect(seen).toEqual(['ADDED before', 'synced', 'ADDED after', 'DELETED after']);
  });

  it('resumes after a version without repeating anything', async () => {
    const { metadata } = await client.create(CONFIG_MAPS, configMap('a'), WRITE);
    await client.create(CONFIG_MAPS, configMap('b'), WRITE);
    for await (const event of client.watch<ConfigMap>(CONFIG_MAPS, {
      namespace,
      resourceVersion: metadata.resourceVersion ?? '',
      signal,
    })) {
      expect(event).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'b' } } });
      break;
    }
  });
});

describe('a precondition', () => {
  let object: Widget;
  let key: { readonly namespace: string; readonly name: string };
  beforeEach(async () => {
    object = await client.create(WIDGETS, widget('w'), WRITE);
    key = { namespace, name: 'w' };
  });

  const unchanged = async (): Promise<void> => {
    expect(await client.get<Widget>(WIDGETS, key, { signal })).toEqual(object);
  };

  it.each([
    { title: 'another uid in a merge patch', patch: { metadata: { uid: 'other' }, spec: { size: 2 } } },
    { title: 'an old version in a merge patch', patch: { metadata: { resourceVersion: '1' }, spec: { size: 2 } } },
    {
      title: 'another uid in a JSON patch',
      patch: [
        { op: 'test', path: '/metadata/uid', value: 'other' },
        { op: 'add', path: '/spec/size', value: 2 },
      ] as const,
    },
    {
      title: 'finalizers that are none in a JSON patch',
      patch: [
        { op: 'test', path: '/metadata/finalizers', value: ['example.test/f'] },
        { op: 'add', path: '/metadata/finalizers', value: [] },
      ] as const,
    },
  ])('of $title is a conflict and changes nothing', async ({ patch }) => {
    expect(await rejection(client.patch(WIDGETS, key, patch, WRITE))).toSatisfy(isConflict);
    await unchanged();
  });

  it('of an old version on status is a conflict and changes nothing', async () => {
    const patch = { metadata: { resourceVersion: '1' }, status: { phase: 'wrong' } };
    expect(await rejection(client.patch(WIDGETS, key, patch, { ...WRITE, subresource: 'status' }))).toSatisfy(
      isConflict,
    );
    await unchanged();
  });

  it('of another uid on status is NOT looked at, which is why status is written with a version', async () => {
    const patch = { metadata: { uid: 'other' }, status: { phase: 'written' } };
    expect(await client.patch<Widget>(WIDGETS, key, patch, { ...WRITE, subresource: 'status' })).toMatchObject({
      status: { phase: 'written' },
    });
  });

  it('that is no precondition is a refusal, not a conflict', async () => {
    const error = await rejection(client.patch(WIDGETS, key, { spec: { size: 'big' } }, WRITE));
    expect(error).toMatchObject({ code: 422 });
    expect(error).not.toSatisfy(isConflict);
  });

  it.each([
    { title: 'another uid', precondition: { uid: 'other' } },
    { title: 'an old version', precondition: { resourceVersion: '1' } },
  ])('of $title stops a delete', async ({ precondition }) => {
    expect(
      await rejection(client.delete(WIDGETS, key, { uid: object.metadata.uid ?? '', ...precondition, signal })),
    ).toSatisfy(isConflict);
    await unchanged();
    await client.delete(WIDGETS, key, {
      uid: object.metadata.uid ?? '',
      resourceVersion: object.metadata.resourceVersion ?? '',
      signal,
    });
    await client.delete(WIDGETS, key, { uid: object.metadata.uid ?? '', signal });
    expect(await rejection(client.get(WIDGETS, key, { signal }))).toSatisfy(isNotFound);
  });
});

describe('writes', () => {
  it('create tells a taken name from a conflict', async () => {
    await client.create(CONFIG_MAPS, configMap('a'), WRITE);
    const error = await rejection(client.create(CONFIG_MAPS, configMap('a'), WRITE));
    expect(error).toSatisfy(isAlreadyExists);
    expect(error).not.toSatisfy(isConflict);
  });

  it('apply prunes what the same manager no longer wants and leaves what others own', async () => {
    await client.apply(CONFIG_MAPS, configMap('a', { mine: '1', dropped: '1' }), WRITE);
    await client.patch(
      CONFIG_MAPS,
      { namespace, name: 'a' },
      { data: { theirs: '1' } },
      { ...WRITE, fieldManager: 'them' },
    );
    expect(await client.apply<ConfigMap>(CONFIG_MAPS, configMap('a', { mine: '2' }), WRITE)).toMatchObject({
      data: { mine: '2', theirs: '1' },
    });
  });

  it('refuse a field that the schema does not know', async () => {
    const error = await rejection(client.create(WIDGETS, { ...widget('w'), spec: { sise: 1 } } as Widget, WRITE));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 400, message: expect.stringContaining('sise') });
  });

  it('of many objects at once all come through over two connections', async () => {
    const names = Array.from({ length: 100 }, (_none, index) => `bulk-${index}`);
    await Promise.all(names.map((name) => client.create(CONFIG_MAPS, configMap(name), WRITE)));
    const counted = async (): Promise<boolean> => {
      const { items } = await client.list(CONFIG_MAPS, { namespace, signal });
      return items.length >= names.length;
    };
    await waitFor(counted, { what: 'all of them', timeoutMs: 10_000 });
  });
});

it('a resource that the server does not have is NotFound', async () => {
  const unknown: Resource = { ...WIDGETS, plural: 'gadgets' };
  expect(await rejection(client.list(unknown, { signal }))).toSatisfy(isNotServed);
});
