import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { APPROVAL_FINALIZER } from '../../../src/apis/v1alpha1/names.ts';
import type { Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { createNamespace, kubectl, mustKubectl } from '../../support/control-plane.ts';
import {
  APPROVAL_SPEC,
  create,
  DRAFT_SPEC,
  type Manifest,
  OPERATOR,
  OTHER_UUID,
  TEMPLATE_ASSET_SPEC,
  tryToCreate,
  tryToPatch,
} from './requests.ts';

const PLATFORM =
  "denied request: Cannot create a Workspace of kind platform: the operator creates the one platform agent of each Org by itself; create an Org named 'org' and describe the agent in its spec.platformAgent, or leave spec.kind out.";
const FINALIZER =
  'denied request: Cannot take off the finalizer moleculesai.app/approval: it holds the object until its deletion may go on, and only the operator removes it; keep it in metadata.finalizers. To delete the object, use kubectl delete and see its status.';
const OWNER =
  'denied request: Cannot add an ownerReference: the garbage collector would delete this object together with its owner, past every approval; remove metadata.ownerReferences and delete the object by itself when it is no longer wanted.';
const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: OTHER_UUID };

const kinds = [
  ['Org', 'org', {}],
  ['Workspace', 'writer', {}],
  ['TemplateAsset', 'default', TEMPLATE_ASSET_SPEC],
] as const;

let namespace: string;
beforeAll(async () => {
  namespace = await createNamespace('policies');
  for (const [kind, name, spec] of kinds) await create({ kind, name, spec }, { namespace });
  await create({ kind: 'ApprovalRequest', name: 'apr-1', spec: APPROVAL_SPEC }, { namespace, ...OPERATOR });
});

async function finalizersOf(manifest: Manifest): Promise<readonly string[] | undefined> {
  return (await create<Workspace>(manifest, { namespace })).metadata.finalizers;
}

describe('the kind platform', () => {
  const platformAgent = { kind: 'Workspace', name: 'platform-agent', spec: { kind: 'platform' } };

  it.each([
    ['cannot be created by an admin', {}],
    [
      'cannot be created by another ServiceAccount',
      { as: 'system:serviceaccount:default:molecule-operator', groups: ['system:masters'] },
    ],
    [
      'cannot be created by somebody who calls himself like the operator',
      { as: 'molecule-operator', groups: ['system:masters'] },
    ],
  ])('%s', async (_sentence, user) => {
    const refusal = await tryToCreate(platformAgent, { namespace, ...user });
    expect(refusal).toContain(PLATFORM);
    expect(refusal).toContain('Error from server (Forbidden)');
  });

  it('can be created by the operator', async () => {
    expect(await tryToCreate(platformAgent, { namespace, ...OPERATOR })).toBe('accepted');
  });

  it('is no matter for other Workspaces', async () => {
    expect(await tryToCreate({ kind: 'Workspace', name: 'a', spec: { kind: 'workspace' } }, { namespace })).toBe(
      'accepted',
    );
  });
});

describe('tiers that own their node', () => {
  const PRIVILEGED = 'Cannot set spec.allowPrivilegedTiers';
  const editor = { as: 'jane', groups: ['org-editors'] };
  const allowed = { as: 'root-jane', groups: ['org-editors'] };
  beforeAll(async () => {
    const rule = ['--verb=allow-privileged-tiers', '--resource=orgs.moleculesai.app'];
    await mustKubectl(['create', 'role', 'allow-tiers', ...rule], { namespace });
    for (const [name, role, subject] of [
      ['org-editors', '--clusterrole=molecule-editor', '--group=org-editors'],
      ['org-viewers', '--clusterrole=molecule-viewer', '--group=org-editors'],
      ['allow-tiers', '--role=allow-tiers', '--user=root-jane'],
    ] as const)
      await mustKubectl(['create', 'rolebinding', name, role, subject], { namespace });
    // The last binding is in force when the apiserver has heard of it.
    const question = ['auth', 'can-i', 'allow-privileged-tiers', 'orgs.moleculesai.app'];
    await waitFor(async () => (await kubectl(question, { namespace, ...allowed })).code === 0, {
      what: 'the right be in force',
      timeoutMs: 10_000,
    });
  });

  it('cannot be allowed by whoever may edit the Org', async () => {
    const refusal = await tryToPatch('org/org', { spec: { allowPrivilegedTiers: true } }, { namespace, ...editor });
    expect(refusal).toContain(PRIVILEGED);
    expect(await tryToPatch('org/org', { spec: { displayName: 'Acme' } }, { namespace, ...editor })).toBe('accepted');
  });

  it('can be allowed with the verb for it, stay allowed for later edits, and be taken back by anybody', async () => {
    const patch = (spec: object, user: object): Promise<string> =>
      tryToPatch('org/org', { spec }, { namespace, ...user });
    expect(await patch({ allowPrivilegedTiers: true }, allowed)).toBe('accepted');
    expect(await patch({ displayName: 'Other' }, editor)).toBe('accepted');
    expect(await patch({ allowPrivilegedTiers: false }, editor)).toBe('accepted');
  });
});

describe('our finalizer', () => {
  it('is put on beside those of others', async () => {
    const metadata = { finalizers: ['example.com/backup'] };
    const finalizers = await finalizersOf({ kind: 'Workspace', name: 'backed-up', spec: {}, metadata });
    expect(finalizers?.toSorted()).toEqual(['example.com/backup', APPROVAL_FINALIZER]);
  });

  it('does not stand between a mistake in the spec and its message', async () => {
    const env = [{ name: 'PORT', value: 8080 }];
    const refusal = await tryToCreate({ kind: 'Workspace', name: 'mistyped', spec: { env } }, { namespace });
    expect(refusal).toContain(
      'spec.env[0].value: Invalid value: "integer": spec.env[0].value in body must be of type string',
    );
    expect(refusal).not.toContain('policy');
  });

  it.each(kinds)('is on every %s from its creation', async (kind, name) => {
    const path = ['get', kind, name, '-o', 'jsonpath={.metadata.finalizers}'];
    expect(JSON.parse(await mustKubectl(path, { namespace }))).toEqual([APPROVAL_FINALIZER]);
  });

  it('joins those of others and comes once', async () => {
    const spec = {};
    const finalizers = await finalizersOf({
      kind: 'Workspace',
      name: 'held',
      spec,
      metadata: { finalizers: ['example.com/held'] },
    });
    expect(finalizers).toEqual(['example.com/held', APPROVAL_FINALIZER]);
    const metadata = { finalizers: [APPROVAL_FINALIZER] };
    const own = await finalizersOf({ kind: 'Workspace', name: 'own', spec, metadata });
    expect(own).toEqual([APPROVAL_FINALIZER]);
  });

  it.each(kinds)('cannot be taken off a %s by an admin', async (kind, name) => {
    const refusal = await tryToPatch(`${kind}/${name}`, { metadata: { finalizers: null } }, { namespace });
    expect(refusal).toContain(FINALIZER);
    expect(refusal).toContain('Error from server (Forbidden)');
  });

  it.each([
    ['cannot be exchanged for another', { finalizers: ['example.com/other'] }, {}, FINALIZER],
    ['can be taken off by the operator', { finalizers: null }, OPERATOR, 'accepted'],
    ['stays while others come', { finalizers: [APPROVAL_FINALIZER, 'example.com/other'] }, {}, 'accepted'],
    ['is no matter for other changes', { labels: { team: 'a' } }, {}, 'accepted'],
  ])('%s', async (_sentence, metadata, user, expected) => {
    expect(await tryToPatch('workspace/writer', { metadata }, { namespace, ...user })).toContain(expected);
  });

  it("leaves others' finalizers to them", async () => {
    const metadata = { finalizers: ['example.com/held'] };
    await create({ kind: 'Workspace', name: 'foreign', spec: {}, metadata }, { namespace });
    const without = { metadata: { finalizers: [APPROVAL_FINALIZER] } };
    expect(await tryToPatch('workspace/foreign', without, { namespace })).toBe('accepted');
  });

  it('holds a deleted object, and lets it go when the operator takes it off', async () => {
    await create({ kind: 'Workspace', name: 'deleted', spec: {} }, { namespace });
    await mustKubectl(['delete', 'workspace', 'deleted', '--wait=false'], { namespace });
    const off = { metadata: { finalizers: null } };
    expect(await tryToPatch('workspace/deleted', off, { namespace, isReal: true })).toContain(FINALIZER);
    expect(await tryToPatch('workspace/deleted', off, { namespace, ...OPERATOR, isReal: true })).toBe('accepted');
    expect(await mustKubectl(['get', 'workspace', 'deleted', '--ignore-not-found'], { namespace })).toBe('');
  });
});

describe('an ownerReference', () => {
  it.each([...kinds, ['ApprovalRequest', 'apr-1', DRAFT_SPEC] as const])(
    'cannot be added to a %s',
    async (kind, name, spec) => {
      const ownerReferences = [owner];
      const added = await tryToPatch(`${kind}/${name}`, { metadata: { ownerReferences } }, { namespace });
      expect(added).toContain(OWNER);
      expect(added).toContain('Error from server (Forbidden)');
      const other = kind === 'Org' ? await createNamespace('owned') : namespace;
      const created = await tryToCreate(
        { kind, name: kind === 'Org' ? name : 'owned', spec, metadata: { ownerReferences } },
        { namespace: other },
      );
      expect(created).toContain(OWNER);
    },
  );

  it('cannot be added by the operator either', async () => {
    const patch = { metadata: { ownerReferences: [owner] } };
    expect(await tryToPatch('workspace/writer', patch, { namespace, ...OPERATOR })).toContain(OWNER);
  });
});
