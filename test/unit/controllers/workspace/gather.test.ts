import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import type { Org, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { gatherWorkspace, type WorkspaceSources } from '../../../../src/controllers/workspace/gather.ts';
import type { SecretRequest } from '../../../../src/controllers/workspace/secret-reader.ts';
import { childName } from '../../../../src/rules/identity.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { meta, NAMESPACE, org, storedTemplate, uidOf, workspace } from '../../../builders/objects.ts';

const key = (name: string) => ({ namespace: NAMESPACE, name });
const below = (name: string, parent: string) =>
  workspace(name, { spec: { kind: 'workspace', parentRef: { name: parent } } });

function sources(changes: Partial<WorkspaceSources> & { readonly list?: readonly Workspace[] }): WorkspaceSources {
  return {
    orgs: fakeStore([org()]),
    workspaces: fakeStore(changes.list ?? []),
    templateAssets: fakeStore([storedTemplate('claude'), storedTemplate('platform-agent')]),
    pods: fakeStore([]),
    volumes: fakeStore([]),
    nodes: fakeStore([]),
    endedPodOf: () => undefined,
    runtimeCatalogs: fakeStore([]),
    holderOf: () => undefined,
    reportOf: () => undefined,
    canRestartInPlace: () => true,
    readPod: async () => undefined,
    readVolume: async () => undefined,
    readSecret: async () => ({ kind: 'missing' }),
    settings: { programImage: 'x', materializeCommand: [], assetServerURL: 'http://x', tierSizes: new Map() },
    ...changes,
  };
}

const { signal } = new AbortController();
const gather = (name: string, world: Parameters<typeof sources>[0]) =>
  gatherWorkspace(key(name), sources(world), signal);

describe('gatherWorkspace()', () => {
  it('finds nothing to do for a Workspace that is gone', async () => {
    expect(await gather('gone', {})).toBeUndefined();
  });

  it('collects the named parents upward and ends at a missing one or in a circle', async () => {
    const list = [below('a', 'b'), below('b', 'c'), below('x', 'y'), below('y', 'x')];
    expect([...((await gather('a', { list }))?.ancestors.keys() ?? [])]).toEqual(['b']);
    expect([...((await gather('x', { list }))?.ancestors.keys() ?? [])]).toEqual(['y', 'x']);
  });

  it('follows a circle of any length to its end in a deletion, whose members wait for each other else', async () => {
    const deletionTimestamp = '2026-03-01T10:00:00Z';
    const list = Array.from({ length: 50 }, (_, index) => below(`r${index}`, `r${(index + 1) % 50}`)).map((member) => ({
      ...member,
      metadata: { ...member.metadata, deletionTimestamp },
    }));
    expect((await gather('r0', { list }))?.ancestors.has('r49')).toBe(true);
  });

  it('always knows the platform agent, also where the way up ends before it', async () => {
    const list = [below('a', 'gone'), workspace('platform-agent', { spec: { kind: 'platform', suspend: true } })];
    expect((await gather('a', { list }))?.ancestors.get('platform-agent')?.isSuspended).toBe(true);
  });

  it('finds Pod and volume under the name of the incarnation in status, also after the object was made anew', async () => {
    const incarnation = '77777777-7777-4777-8777-777777777777';
    const name = childName('a', incarnation);
    const pod = { metadata: meta(name, uidOf('pod')), phase: 'Running', isReady: true };
    const list = [workspace('a', { status: { incarnation } })];
    const snapshot = await gather('a', {
      list,
      pods: fakeStore([pod]),
      volumes: fakeStore([{ metadata: meta(name, uidOf('pvc')), phase: 'Bound', resizes: [] }]),
    });
    expect([snapshot?.pod?.metadata.uid, snapshot?.volume?.metadata.uid]).toEqual([uidOf('pod'), uidOf('pvc')]);
  });

  it.each([
    [
      'the one that is named',
      workspace('a', { spec: { kind: 'workspace', templateRef: { name: 'claude' } } }),
      'claude',
    ],
    ['none when none is named', workspace('a'), undefined],
    [
      'for the platform agent the one of its name (TA-7)',
      workspace('a', { spec: { kind: 'platform' } }),
      'platform-agent',
    ],
    [
      'never another one than the named (TA-6)',
      workspace('a', { spec: { kind: 'platform', templateRef: { name: 'gone' } } }),
      undefined,
    ],
  ])('takes as template %s', async (_name, object, expected) => {
    expect((await gather('a', { list: [object] }))?.template?.metadata.name).toBe(expected);
  });

  const { metadata } = workspace('a');
  it.each([
    [
      'asks for the Pod itself when the Workspace is being deleted',
      { metadata: { ...metadata, deletionTimestamp: '2026-03-01T09:00:00Z' } },
      1,
    ],
    ['asks for the Pod itself when there was one', { status: { podName: 'a-12345678' } }, 1],
    ['takes none that was made for another', { status: { podName: 'a-12345678', incarnation: uidOf('other') } }, 0],
    ['asks for nothing otherwise', {}, 0],
  ])('%s', async (_name, changes, asked) => {
    const annotations = { [ANNOTATIONS.incarnation]: metadata.uid ?? '' };
    const stripped = { metadata: { ...meta('a', uidOf('stripped')), annotations }, phase: 'Running', isReady: true };
    const list = [workspace('a', changes)];
    const snapshot = await gather('a', { list, readPod: async () => stripped });
    expect(snapshot?.pod === undefined ? 0 : 1).toBe(asked);
  });

  it.each([
    ['asks for the volume itself when the Workspace is being deleted', uidOf('a'), '2026-03-01T09:00:00Z', 1],
    ['takes no volume that was made for another', uidOf('other'), '2026-03-01T09:00:00Z', 0],
    ['asks for no volume otherwise', uidOf('a'), undefined, 0],
  ])('%s', async (_name, incarnation, deletionTimestamp, asked) => {
    const annotations = { [ANNOTATIONS.incarnation]: incarnation };
    const stripped = { metadata: { ...meta('a', uidOf('stripped')), annotations }, phase: 'Bound', resizes: [] };
    const going = deletionTimestamp === undefined ? {} : { deletionTimestamp };
    const list = [workspace('a', { metadata: { ...metadata, ...going } })];
    const snapshot = await gather('a', { list, readVolume: async () => stripped });
    expect(snapshot?.volume === undefined ? 0 : 1).toBe(asked);
  });

  describe('of the Secrets that spec.env names', () => {
    const fromSecret = (name: string, secret: string, dataKey: string) => ({
      name,
      valueFrom: { secretKeyRef: { name: secret, key: dataKey } },
    });
    const spec = {
      kind: 'workspace' as const,
      env: [fromSecret('A', 's', 'two'), fromSecret('B', 's', 'one'), { name: 'C', value: 'c' }],
    };

    async function requestsFor(object: Workspace, changes: Partial<WorkspaceSources> = {}) {
      const requests: SecretRequest[] = [];
      const readSecret = async (request: SecretRequest) => {
        requests.push(request);
        return { kind: 'missing' } as const;
      };
      await gather('a', { list: [object], readSecret, ...changes });
      return requests;
    }

    it('reads each once, with all keys that are wanted of it', async () => {
      expect(await requestsFor(workspace('a', { spec }))).toEqual([
        { secret: key('s'), dataKeys: ['one', 'two'], isUrgent: false },
      ]);
    });

    it('reads none for a Workspace that names none', async () => {
      expect(await requestsFor(workspace('a', { spec: { env: [{ name: 'C', value: 'c' }] } }))).toEqual([]);
    });

    it.each([
      ['is suspended', workspace('a', { spec: { ...spec, suspend: true } }), {}],
      ['has no Pod by its runtime', workspace('a', { spec: { ...spec, runtime: 'external' } }), {}],
      ['has no Org', workspace('a', { spec }), { orgs: fakeStore<Org>([]) }],
      [
        'is being deleted',
        workspace('a', { spec, metadata: { ...workspace('a').metadata, deletionTimestamp: '2026-03-01T09:00:00Z' } }),
        {},
      ],
    ])('reads none for a Workspace that %s', async (_name, object, changes) => {
      expect(await requestsFor(object, changes)).toEqual([]);
    });

    it.each([
      ['asks at once when somebody wants a pass', undefined, true],
      ['and no longer once that was answered', 'now', false],
    ])('%s', async (_name, lastHandledReconcileAt, isUrgent) => {
      const metadata = { ...workspace('a').metadata, annotations: { [ANNOTATIONS.requestedAt]: 'now' } };
      const status = lastHandledReconcileAt === undefined ? {} : { lastHandledReconcileAt };
      expect(await requestsFor(workspace('a', { spec, metadata, status }))).toMatchObject([{ isUrgent }]);
    });
  });
});
