import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import { PODS } from '../../../../src/apis/v1alpha1/resources.ts';
import { desiredPlatformAgent } from '../../../../src/controllers/org/desired.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import { SecretReader, type SecretReading } from '../../../../src/controllers/workspace/secret-reader.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { keyOf } from '../../../../src/kube/objects.ts';
import { meta, workspace } from '../../../builders/objects.ts';
import { BASE, type Effect, privileged, REFUSED, ROWS, spec, storedAnew, type World } from './change-rows.ts';
import { condition, LATER, podOf, snapshot, volumeOf } from './fixture.ts';

describe('docs/workspace-changes.md', () => {
  it('has a row for every field of the CRDs, and says in each what is tested here', () => {
    const documented = readDocument();
    const tested = new Map([
      ...ROWS.map(({ field, effect }) => [field, effect] as const),
      ...REFUSED.map((field) => [`\`${field}\``, 'Refused'] as const),
    ]);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(tested));
    const fields = ['workspaces', 'orgs', 'templateassets'].flatMap(specFields).map((field) => `\`${field}\``);
    expect(fields.filter((field) => !documented.has(field))).toEqual([]);
  });

  it.each(REFUSED)('is right that %s cannot be changed', (field) => {
    const [kind = '', , name = ''] = field.split('.');
    const rules = readCRD(`${kind.toLowerCase()}s`).spec['x-kubernetes-validations'] ?? [];
    expect(rules.some(({ rule }) => rule.includes(`self.${name} == oldSelf.${name}`))).toBe(true);
  });
});

describe('a change', () => {
  it.each(ROWS.map((row) => [row.field, row.effect, row] as const))('of %s: %s', async (_field, effect, row) => {
    const { change, agent = 'workspace', from = BASE } = row;
    const before = await settled(from, agent);
    expect(effectOf(before)).toBe('Nothing');
    expect(effectOf({ ...(await snapshotOf(change(from), agent)), pod: before.pod, volume: before.volume })).toBe(
      effect,
    );
  });

  it.each([
    ['no template any more', BASE, { kind: 'workspace' as const }],
    ['the first template', { ...BASE, workspace: workspace('researcher') }, BASE.workspace.spec],
  ])('to %s replaces the Pod', async (_name, from, changed) => {
    const before = await settled(from, 'workspace');
    const after = await snapshotOf({ ...from, workspace: { ...from.workspace, spec: changed } }, 'workspace');
    expect(effectOf({ ...after, pod: before.pod, volume: before.volume })).toBe('Pod replaced');
  });

  it.each([
    ['its tier is lowered to something that cannot start', { tier: 2, runtime: 'codecks' }, 'RuntimeUnknown'],
    ['it loses its place at the same time', { tier: 3, parentRef: { name: 'gone' } }, 'ParentNotFound'],
  ])('that takes the privileged tiers away stops a privileged agent also when %s', async (_name, changes, reason) => {
    const from = privileged(BASE);
    const { pod, volume } = await settled(from, 'workspace');
    const changed = { ...from.workspace, spec: { ...from.workspace.spec, ...changes } };
    const after = await snapshotOf({ ...from, workspace: changed, org: BASE.org }, 'workspace');
    expect(effectOf({ ...after, pod, volume })).toBe('Stopped');
    expect(condition(planWorkspace({ ...after, pod, volume }, LATER), 'Ready')?.reason).toBe(reason);
  });

  it('to a privileged tier that the Org does not allow leaves the running agent as it is', async () => {
    const { pod, volume } = await settled(BASE, 'workspace');
    const after = await snapshotOf(spec('tier', 'Nothing', { tier: 3 }).change(BASE), 'workspace');
    expect(effectOf({ ...after, pod, volume })).toBe('Nothing');
    expect(condition(planWorkspace({ ...after, pod, volume }, LATER), 'Ready')?.reason).toBe('TierNotAllowed');
  });

  it('that takes the Org away leaves a privileged agent as it is', async () => {
    const before = await settled(privileged(BASE), 'workspace');
    expect(effectOf({ ...before, org: undefined })).toBe('Nothing');
  });

  it('to a runtime without a Pod stops the agent', async () => {
    const before = await settled(BASE, 'workspace');
    const external = workspace('researcher', { spec: { kind: 'workspace', runtime: 'external' } });
    const after = await snapshotOf({ ...BASE, workspace: external }, 'workspace');
    expect(effectOf({ ...after, pod: before.pod, volume: before.volume })).toBe('Stopped');
  });

  it.each([
    ['an unknown runtime', 'RuntimeUnknown', spec('runtime', 'Nothing', { runtime: 'codecks' })],
    ['a runtime that the catalog lacks', 'ImageMissing', spec('runtime', 'Nothing', { runtime: 'hermes' })],
    ['a forbidden variable', 'EnvForbidden', spec('env', 'Nothing', { env: [{ name: 'GH_TOKEN', value: 'x' }] })],
    [
      'a Secret that is not there',
      'SecretNotFound',
      spec('env', 'Nothing', { env: [{ name: 'K', valueFrom: { secretKeyRef: { name: 'gone', key: 'k' } } }] }),
    ],
    [
      'a catalog that is gone',
      'ImageMissing',
      { ...spec('', 'Nothing', {}), change: (world: World) => ({ ...world, catalog: {} }) },
    ],
  ])('to %s leaves the running agent as it is and is told', async (_name, reason, { change }) => {
    const before = await settled(BASE, 'workspace');
    const after = { ...(await snapshotOf(change(BASE), 'workspace')), pod: before.pod, volume: before.volume };
    expect(effectOf(after)).toBe('Nothing');
    expect(condition(planWorkspace(after, LATER), 'Ready')).toMatchObject({ status: 'False', reason });
    expect(condition(planWorkspace(after, LATER), 'AgentReady')?.status).toBe('True');
  });

  it('to the files of a template replaces the Pod where spec.rollout is Immediate', async () => {
    const template = { ...BASE.template, spec: { ...BASE.template.spec, rollout: 'Immediate' as const } };
    const before = await settled({ ...BASE, template }, 'workspace');
    expect(effectOf(before)).toBe('Nothing');
    const after = await snapshotOf(storedAnew({ ...BASE, template }), 'workspace');
    expect(effectOf({ ...after, pod: before.pod, volume: before.volume })).toBe('Pod replaced');
  });

  it('of a Secret is looked for every two minutes, and not where no Secret is named', async () => {
    const keyed = await settled(BASE, 'workspace');
    expect(planWorkspace(keyed, LATER).outcome).toEqual({ kind: 'settled', resyncAfterMs: 120_000 });
    const plain = await settled({ ...BASE, workspace: workspace('researcher') }, 'workspace');
    expect(planWorkspace(plain, LATER).outcome).toEqual({ kind: 'settled', resyncAfterMs: 600_000 });
  });

  it('that cannot be known, because the apiserver does not hand out the Secret, is none', async () => {
    const before = await settled(BASE, 'workspace');
    expect(effectOf({ ...before, secrets: new Map([['keys', { kind: 'unread' }]]) })).toBe('Nothing');
  });

  it('is only seen from now on in a Pod that does not say which Secrets it was started with', async () => {
    const { pod, ...rest } = await settled(BASE, 'workspace');
    if (pod === undefined) throw new Error('Cannot test: the fixture has no Pod');
    const { [ANNOTATIONS.secretsHash]: secretsHash, ...annotations } = pod.metadata.annotations ?? {};
    const silent = { ...rest, pod: { ...pod, metadata: { ...pod.metadata, annotations } } };
    expect(planWorkspace(silent, LATER)).toMatchObject({
      writes: [{ kind: 'patch', patch: { metadata: { annotations: { [ANNOTATIONS.secretsHash]: secretsHash } } } }],
    });
    expect(planWorkspace(silent, LATER)).not.toHaveProperty('deletes');
  });
});

/** What a plan does to a Pod that runs. */
function effectOf(current: WorkspaceSnapshot): Effect {
  const { deletes = [], writes = [] } = planWorkspace(current, LATER);
  if (deletes.some(({ resource }) => resource === PODS)) {
    const next = planWorkspace({ ...current, pod: undefined }, LATER).writes ?? [];
    return next.some((write) => write.kind === 'create' && write.resource === PODS) ? 'Pod replaced' : 'Stopped';
  }
  if (writes.length === 0) return 'Nothing';
  return writes.every((write) => write.kind === 'patch' && write.resource === PODS) ? 'Next restart' : 'In place';
}

async function settled(world: World, agent: 'workspace' | 'platform'): Promise<WorkspaceSnapshot> {
  const base = await snapshotOf(world, agent);
  const isPrivileged = (base.workspace.spec.tier ?? 0) > 2;
  return { ...base, pod: podOf(base, isPrivileged ? { isPrivileged } : {}), volume: volumeOf() };
}

async function snapshotOf(world: World, agent: 'workspace' | 'platform'): Promise<WorkspaceSnapshot> {
  const { programImage, assetServerURL, canRestartInPlace } = world;
  return snapshot({
    workspace:
      agent === 'workspace' ? world.workspace : { ...world.workspace, spec: desiredPlatformAgent(world.org).spec },
    org: world.org,
    template: world.template,
    catalog: new Map(Object.entries(world.catalog)),
    secrets: new Map([
      ['keys', await readKeys(world)],
      ['gone', { kind: 'missing' }],
    ]),
    canRestartInPlace,
    settings: {
      programImage,
      assetServerURL,
      materializeCommand: ['materialize'],
      tierSizes: new Map([[2, world.tierSize]]),
    },
  });
}

function readKeys({ secret: { uid, data } }: World): Promise<SecretReading> {
  const raw = { apiVersion: 'v1', kind: 'Secret', metadata: meta('keys', uid), data };
  const reader = new SecretReader({ client: { get: async <T>() => raw as T }, now: () => 0 });
  const { signal } = new AbortController();
  return reader.read({ secret: keyOf(raw), dataKeys: ['used'], isUrgent: false }, signal);
}

function readDocument(): ReadonlyMap<string, string> {
  const text = readFileSync('docs/workspace-changes.md', 'utf8');
  const [rows = ''] = text.slice(text.indexOf('## Workspace')).split('## Runtime and image');
  return new Map(
    [...rows.matchAll(/^\| (`.+?) \| ([A-Z][a-z ]+) \|/gm)].map(([, field = '', effect = '']) => [field, effect]),
  );
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string }[];
}

function readCRD(plural: string): { readonly kind: string; readonly spec: Schema } {
  const { spec: definition } = parse(readFileSync(`crds/${plural}.yaml`, 'utf8'));
  return { kind: definition.names.kind, spec: definition.versions[0].schema.openAPIV3Schema.properties.spec };
}

function specFields(plural: string): readonly string[] {
  const { kind, spec: schema } = readCRD(plural);
  return leaves(schema).map((path) => [kind, 'spec', ...path].join('.'));
}

function leaves(schema: Schema): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    child.type === 'object' ? leaves(child).map((path) => [name, ...path]) : [[name]],
  );
}
