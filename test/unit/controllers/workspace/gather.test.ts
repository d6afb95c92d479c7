import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import type { ApprovalRequest, Org, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { BY_NAMESPACE, BY_PARENT } from '../../../../src/controllers/stores.ts';
import { gatherWorkspace, type WorkspaceSources } from '../../../../src/controllers/workspace/gather.ts';
import type { SecretRequest } from '../../../../src/controllers/workspace/secret-reader.ts';
import { childName } from '../../../../src/rules/identity.ts';
import { approvalRequest, CLEAR, consumedRequest, HASH, requestStore } from '../../../builders/approval-request.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { meta, NAMESPACE, org, storedTemplate, templateAsset, uidOf, workspace } from '../../../builders/objects.ts';

const key = (name: string) => ({ namespace: NAMESPACE, name });
const below = (name: string, parent: string) =>
  workspace(name, { spec: { kind: 'workspace', parentRef: { name: parent } } });

function sources({
  list = [],
  requests = [],
  ...changes
}: Partial<WorkspaceSources> & {
  readonly list?: readonly Workspace[];
  readonly requests?: readonly ApprovalRequest[];
}): WorkspaceSources {
  return {
    orgs: fakeStore([org()]),
    workspaces: fakeStore(list, {
      [BY_NAMESPACE]: ({ metadata }) => metadata.namespace,
      [BY_PARENT]: ({ metadata, spec }) => spec.parentRef && `${metadata.namespace}/${spec.parentRef.name}`,
    }),
    templateAssets: fakeStore([storedTemplate('claude'), storedTemplate('platform-agent')]),
    pods: fakeStore([]),
    volumes: fakeStore([]),
    nodes: fakeStore([]),
    endedPodOf: () => undefined,
    runtimeCatalogs: fakeStore([]),
    approvalRequests: requestStore(...requests),
    clearance: { current: () => CLEAR },
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
    const requests = list.map((member) => consumedRequest(member));
    expect((await gather('r0', { list, requests }))?.ancestors.has('r49')).toBe(true);
    expect((await gather('r0', { list }))?.ancestors.has('r49')).toBe(false);
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
  const gone = { metadata: { ...metadata, deletionTimestamp: '2026-03-01T09:00:00Z' } };
  const approved = [consumedRequest(workspace('a'))];
  it.each<[string, Partial<Workspace>, readonly ApprovalRequest[], number]>([
    ['asks for the Pod itself when the deletion was approved', gone, approved, 1],
    ['asks for none while the deletion is held', gone, [], 0],
    ['asks for the Pod itself when there was one', { status: { podName: 'a-12345678' } }, [], 1],
    ['takes none that was made for another', { status: { podName: 'a-12345678', incarnation: uidOf('other') } }, [], 0],
    ['asks for nothing otherwise', {}, [], 0],
  ])('%s', async (_name, changes, requests, asked) => {
    const annotations = { [ANNOTATIONS.incarnation]: metadata.uid ?? '' };
    const stripped = { metadata: { ...meta('a', uidOf('stripped')), annotations }, phase: 'Running', isReady: true };
    const list = [workspace('a', changes)];
    const snapshot = await gather('a', { list, requests, readPod: async () => stripped });
    expect(snapshot?.pod === undefined ? 0 : 1).toBe(asked);
  });

  it.each([
    ['asks for the volume itself when the deletion was approved', uidOf('a'), gone, approved, 1],
    ['takes no volume that was made for another', uidOf('other'), gone, approved, 0],
    ['asks for no volume while the deletion is held', uidOf('a'), gone, [], 0],
    ['asks for no volume otherwise', uidOf('a'), {}, [], 0],
  ])('%s', async (_name, incarnation, changes, requests, asked) => {
    const annotations = { [ANNOTATIONS.incarnation]: incarnation };
    const stripped = { metadata: { ...meta('a', uidOf('stripped')), annotations }, phase: 'Bound', resizes: [] };
    const list = [workspace('a', changes)];
    const snapshot = await gather('a', { list, requests, readVolume: async () => stripped });
    expect(snapshot?.volume === undefined ? 0 : 1).toBe(asked);
  });

  describe('of a deletion', () => {
    const going = (object: Workspace): Workspace => ({
      ...object,
      metadata: { ...object.metadata, deletionTimestamp: '2026-03-01T09:00:00Z' },
    });
    const a = going(workspace('a'));

    it('knows no leave while there is none', async () => {
      expect((await gather('a', { list: [workspace('a')], requests: approved }))?.leave).toBeUndefined();
    });

    it.each([
      ['held', [approvalRequest(a)]],
      ['granted', [consumedRequest(a)]],
      ['granted', [consumedRequest(org(), [a])]],
    ])('knows that it is %s', async (kind, requests) => {
      expect((await gather('a', { list: [a], requests }))?.leave?.kind).toBe(kind);
    });

    it('is held while the guard is open, whatever was approved', async () => {
      const clearance = { current: () => ({ ...CLEAR, openRoutes: ['a route'] }) };
      expect((await gather('a', { list: [a], requests: [consumedRequest(a)], clearance }))?.leave).toMatchObject({
        kind: 'held',
        reason: 'GuardOpen',
      });
    });

    it.each<[string, Workspace, readonly Workspace[]]>([
      ['with too many below it', a, Array.from({ length: 2_000 }, (_, index) => below(`b${index}`, 'a'))],
      [
        'as a platform agent with too many beside it',
        going(workspace('platform-agent', { spec: { kind: 'platform' } })),
        Array.from({ length: 2_000 }, (_, index) => workspace(`b${index}`)),
      ],
    ])('says, %s, that nobody can be asked and what to do, as long as that is so', async (_title, object, others) => {
      const { name } = object.metadata;
      expect((await gather(name, { list: [object, ...others] }))?.leave).toMatchObject({
        kind: 'held',
        reason: 'RequestTooLarge',
        message: expect.stringContaining('delete some of them first, at most 2000 at a time'),
      });
      const fewer = await gather(name, { list: [object, ...others.slice(1)] });
      expect(fewer?.leave).toMatchObject({ reason: 'RequestingApproval' });
    });

    it('counts a circle of those below it once', async () => {
      const list = [{ ...a, spec: { ...a.spec, parentRef: { name: 'b' } } }, below('b', 'a')];
      expect((await gather('a', { list }))?.leave).toMatchObject({ reason: 'RequestingApproval' });
    });

    it('knows those below it once it may go on', async () => {
      const list = [a, below('b', 'a'), below('c', 'b')];
      const granted = await gather('a', { list, requests: [consumedRequest(a)] });
      expect(granted?.children.map(({ metadata }) => metadata.name)).toEqual(['b']);
      expect((await gather('a', { list }))?.children).toEqual([]);
    });

    it('takes a parent for one that goes once that was approved, and not before', async () => {
      const list = [a, below('b', 'a')];
      const isGoing = async (requests: readonly ApprovalRequest[]) =>
        (await gather('b', { list, requests }))?.ancestors.get('a')?.isGoing;
      expect([await isGoing([]), await isGoing([consumedRequest(a)])]).toEqual([false, true]);
    });

    it('shows the grant of an approval that nobody has used yet', async () => {
      const open = approvalRequest(workspace('a'), { phase: 'Approved' });
      const grantOf = async (object: Workspace, request: ApprovalRequest) =>
        (await gather('a', { list: [object], requests: [request] }))?.deletionGrant;
      expect(await grantOf(workspace('a'), open)).toEqual({ request: 'apr-a', hash: HASH });
      const until = { ...open, spec: { ...open.spec, expiresAt: '2026-03-02T09:00:00Z' } };
      expect(await grantOf(workspace('a'), until)).toMatchObject({ expiresAt: '2026-03-02T09:00:00Z' });
      expect(await grantOf(a, open)).toBeUndefined();
      expect(await grantOf(workspace('a'), { ...open, status: { phase: 'Pending' } })).toBeUndefined();
      expect(await grantOf(workspace('a'), { ...open, status: { phase: 'Consumed' } })).toBeUndefined();
      const other = approvalRequest(org(), { phase: 'Approved' }, [workspace('a')]);
      expect(await grantOf(workspace('a'), other)).toBeUndefined();
    });
  });

  describe('of what comes back after a denial', () => {
    const denied = (target: Parameters<typeof approvalRequest>[0], state: 'Releasing' | 'Restored' = 'Releasing') =>
      approvalRequest(target, { phase: 'Denied', restoration: { state } });
    const isLeftAlone = async (world: Parameters<typeof sources>[0], name = 'a') =>
      (await gather(name, world)) === undefined;
    const named = workspace('a', { spec: { kind: 'workspace', templateRef: { name: 'claude' } } });
    const known = org({ status: { orgID: uidOf('id') } });

    it.each<[string, boolean, Parameters<typeof sources>[0], string?]>([
      ['itself, while it is let go', true, { list: [workspace('a', gone)], requests: [denied(workspace('a'))] }],
      ['itself, before it is who it was', true, { list: [workspace('a')], requests: [denied(workspace('a'))] }],
      [
        'not itself, once it is',
        false,
        { list: [workspace('a', { status: { incarnation: uidOf('old') } })], requests: [denied(workspace('a'))] },
      ],
      [
        'not itself, when that is over',
        false,
        { list: [workspace('a')], requests: [denied(workspace('a'), 'Restored')] },
      ],
      [
        'its Org, while that is gone',
        true,
        { list: [workspace('a')], orgs: fakeStore<Org>([]), requests: [denied(org())] },
      ],
      ['its Org, before that is who it was', true, { list: [workspace('a')], requests: [denied(org())] }],
      [
        'not its Org, once it is',
        false,
        { list: [workspace('a')], orgs: fakeStore([known]), requests: [denied(org())] },
      ],
      ['its parent, while that is gone', true, { list: [below('b', 'a')], requests: [denied(workspace('a'))] }, 'b'],
      [
        'not its parent, once that is there',
        false,
        { list: [workspace('a'), below('b', 'a')], requests: [denied(workspace('a'))] },
        'b',
      ],
      [
        'its template, before that has its files again',
        true,
        {
          list: [named],
          templateAssets: fakeStore([templateAsset('claude')]),
          requests: [denied(templateAsset('claude'))],
        },
      ],
      ['not its template, once it has', false, { list: [named], requests: [denied(templateAsset('claude'))] }],
      ['not a template of another name', false, { list: [named], requests: [denied(templateAsset('other'))] }],
    ])('waits for %s', async (_sentence, expected, world, name) => {
      expect(await isLeftAlone(world, name)).toBe(expected);
    });
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
      ['goes', workspace('a', { spec, ...gone }), { approvalRequests: requestStore(...approved) }],
    ])('reads none for a Workspace that %s', async (_name, object, changes) => {
      expect(await requestsFor(object, changes)).toEqual([]);
    });

    it('reads them for one whose deletion is held, because its agent may have to be made anew', async () => {
      expect(await requestsFor(workspace('a', { spec, ...gone }))).toHaveLength(1);
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
