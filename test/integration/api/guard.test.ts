import { beforeAll, describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS, MANAGED_BY, VOLUME_FINALIZER } from '../../../src/apis/v1alpha1/names.ts';
import { createNamespace, kubectl, mustKubectl } from '../../support/control-plane.ts';
import { createVolume } from './claims.ts';
import {
  bindRoles,
  create,
  DRAFT_SPEC,
  OPERATOR,
  OTHER_UUID,
  TEMPLATE_ASSET_SPEC,
  tryToCreate,
  tryToDelete,
  tryToPatch,
} from './requests.ts';

const FORBIDDEN = 'Error from server (Forbidden)';

describe('the volume of an agent', () => {
  const DELETED =
    'denied request: Cannot delete PersistentVolumeClaim data: it is the data of an agent, and only the operator deletes it; delete the Workspace writer, and it goes after an approval and the time that the Org keeps volumes.';
  const STRIPPED =
    'denied request: Cannot take off the finalizer moleculesai.app/volume: it holds the data of an agent, and only the operator removes it; keep it in metadata.finalizers.';
  const OWNED =
    'denied request: Cannot add an ownerReference: the garbage collector would delete the data of an agent together with its owner; remove metadata.ownerReferences.';
  const RENAMED =
    'denied request: Cannot change what this PersistentVolumeClaim is known by: the label app.kubernetes.io/managed-by and labels and annotations of moleculesai.app say whose data it is and how long it is kept, and only the operator writes them; leave them as they are. To bring a deleted Workspace back, use kubectl molecule restore.';
  const RESTORED =
    'denied request: Cannot ask for a deleted Workspace back: the annotation moleculesai.app/restore takes the verb restore on workspaces.moleculesai.app, which you do not have; ask somebody with the role molecule-editor.';
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: OTHER_UUID }];
  const users = [
    ['an admin', {}],
    ['the namespace controller', controller('namespace-controller')],
    ['the garbage collector', controller('generic-garbage-collector')],
    ['the protection of volumes in use', controller('pvc-protection-controller')],
  ] as const;

  function controller(name: string): object {
    return { as: `system:serviceaccount:kube-system:${name}`, groups: ['system:masters'] };
  }

  let namespace: string;
  beforeAll(async () => {
    namespace = await createNamespace('guard');
    await createVolume(namespace, 'data');
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const foreign = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'foreign', spec };
    await create({ ...foreign, metadata: { labels: { [LABELS.workspace]: 'writer' } } }, { namespace });
  });

  it.each(users)('is not deleted by %s', async (_sentence, user) => {
    expect(await tryToDelete(['pvc', 'data'], { namespace, ...user })).toContain(DELETED);
    const real = await kubectl(['delete', 'pvc', 'data', '--wait=false', '--now'], { namespace, ...user });
    expect(real.stderr).toContain(DELETED);
    expect(real.stderr).toContain(FORBIDDEN);
  });

  it.each([
    ['all of a namespace', ['delete', 'pvc', '--all', '--wait=false', '--dry-run=server']],
    ['a selection', ['delete', 'pvc', '-l', 'moleculesai.app/workspace', '--wait=false', '--dry-run=server']],
  ])('is not deleted as one of many: %s', async (_sentence, args) => {
    expect((await kubectl(args, { namespace })).stderr).toContain(DELETED);
  });

  it('is not deleted as one of a collection', async () => {
    const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    expect((await kubectl(['delete', '--raw', `${path}?dryRun=All`])).stderr).toContain(DELETED);
  });

  const writes = [
    ['losing its finalizer', { finalizers: null }, STRIPPED],
    ['having its finalizer exchanged', { finalizers: ['example.com/other'] }, STRIPPED],
    ['getting an owner', { ownerReferences }, OWNED],
    ...[LABELS.managedBy, LABELS.workspace, LABELS.incarnation].flatMap((name) => [
      [`losing the label ${name}`, { labels: { [name]: null } }, RENAMED] as const,
      [`having the label ${name} changed`, { labels: { [name]: 'other' } }, RENAMED] as const,
    ]),
    ['getting an expiry', { labels: { [LABELS.expires]: '20260101T000000Z' } }, RENAMED],
    ...[ANNOTATIONS.workspaceUID, ANNOTATIONS.incarnation].flatMap((name) => [
      [`losing the annotation ${name}`, { annotations: { [name]: null } }, RENAMED] as const,
      [`having the annotation ${name} changed`, { annotations: { [name]: 'other' } }, RENAMED] as const,
    ]),
    ['getting an operation', { annotations: { [ANNOTATIONS.operation]: 'forged' } }, RENAMED],
  ] as const;

  it.each(writes)('is kept from %s', async (_sentence, metadata, expected) => {
    for (const [, user] of users)
      expect(await tryToPatch('pvc/data', { metadata }, { namespace, ...user })).toContain(expected);
    const byStatus = await tryToPatch('pvc/data', { metadata }, { namespace, subresource: 'status' });
    expect(byStatus).toContain(expected);
    expect(byStatus).toContain(FORBIDDEN);
  });

  it.each(writes)('is not kept by the operator from %s', async (_sentence, metadata) => {
    expect(await tryToPatch('pvc/data', { metadata }, { namespace, ...OPERATOR })).toBe('accepted');
  });

  it('is deleted by the operator', async () => {
    expect(await tryToDelete(['pvc', 'data'], { namespace, ...OPERATOR })).toBe('accepted');
  });

  it.each([
    ['finalizers', { finalizers: [VOLUME_FINALIZER, 'kubernetes.io/pvc-protection', 'example.com/backup'] }],
    ['labels', { labels: { 'velero.io/backup': 'daily', 'other.moleculesai.app/x': 'y' } }],
    ['annotations', { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }],
  ])('takes %s of others', async (_sentence, metadata) => {
    expect(await tryToPatch('pvc/data', { metadata }, { namespace })).toBe('accepted');
    expect(await tryToPatch('pvc/data', { metadata }, { namespace, subresource: 'status' })).toBe('accepted');
  });

  it('has its status written by storage controllers', async () => {
    const status = { status: { phase: 'Lost' } };
    const user = controller('persistent-volume-binder');
    expect(await tryToPatch('pvc/data', status, { namespace, subresource: 'status', ...user })).toBe('accepted');
  });

  it('is the only one that is kept so', async () => {
    for (const [, metadata] of writes)
      expect(await tryToPatch('pvc/foreign', { metadata }, { namespace })).toBe('accepted');
    expect(await tryToDelete(['pvc', 'foreign'], { namespace })).toBe('accepted');
  });

  it('is asked back by whoever may restore', async () => {
    const rule = ['--verb=get,create,patch', '--resource=persistentvolumeclaims,persistentvolumeclaims/status'];
    await mustKubectl(['create', 'role', 'volumes', ...rule], { namespace });
    for (const user of ['jane', 'vera'])
      await mustKubectl(['create', 'rolebinding', `volumes-${user}`, '--role=volumes', `--user=${user}`], {
        namespace,
      });
    await bindRoles('jane', ['molecule-editor'], namespace);
    await bindRoles('vera', ['molecule-viewer'], namespace);
    const ask = { metadata: { annotations: { [ANNOTATIONS.restore]: 'now' } } };
    for (const options of [{ namespace }, { namespace, subresource: 'status' }]) {
      expect(await tryToPatch('pvc/data', ask, { ...options, as: 'jane' })).toBe('accepted');
      expect(await tryToPatch('pvc/data', ask, { ...options, as: 'vera' })).toContain(RESTORED);
    }
    expect(await tryToPatch('pvc/data', ask, { namespace, as: 'jane', isReal: true })).toBe('accepted');
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const born = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'born', spec, ...ask };
    expect(await tryToCreate(born, { namespace, as: 'vera' })).toContain(RESTORED);
    expect(await tryToCreate(born, { namespace, as: 'jane' })).toBe('accepted');
    // Neither another change nor taking it back takes the verb.
    const other = { metadata: { labels: { team: 'a' } } };
    expect(await tryToPatch('pvc/data', other, { namespace, as: 'vera' })).toBe('accepted');
    const back = { metadata: { annotations: { [ANNOTATIONS.restore]: null } } };
    expect(await tryToPatch('pvc/data', back, { namespace, as: 'vera' })).toBe('accepted');
  });
});

describe('a claim of somebody else', () => {
  const HELD = 'denied request: Cannot put on the finalizer moleculesai.app/volume';
  let namespace: string;
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const own = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'own', spec };
  const metadata = { finalizers: [VOLUME_FINALIZER] };

  beforeAll(async () => {
    namespace = await createNamespace('guard-own');
    await mustKubectl(['create', 'rolebinding', 'edits', '--clusterrole=edit', '--user=eddie'], { namespace });
    await create(own, { namespace });
  });

  it('is not made one that nobody can delete, nor its namespace, by whoever may edit', async () => {
    const born = { ...own, name: 'born', metadata };
    expect(await tryToCreate(born, { namespace, as: 'eddie' })).toContain(HELD);
    expect(await tryToPatch('pvc/own', { metadata }, { namespace, as: 'eddie' })).toContain(HELD);
    expect(await tryToPatch('pvc/own', { metadata: { labels: { a: 'b' } } }, { namespace, as: 'eddie' })).toBe(
      'accepted',
    );
  });

  it('comes back from a backup as it was for an administrator', async () => {
    expect(await tryToCreate({ ...own, name: 'born', metadata }, { namespace })).toBe('accepted');
  });
});

describe('a namespace', () => {
  const org = (namespace: string): string =>
    `denied request: Cannot delete namespace ${namespace}: an Org is in it, whose agents and volumes would go without an approval; first: kubectl molecule delete org -n ${namespace} --reason WHY`;
  const volumes = (namespace: string): string =>
    `denied request: Cannot delete namespace ${namespace}: it keeps volumes of agents, such as PersistentVolumeClaim data; wait until they have expired, as their label moleculesai.app/expires says, or bring their Workspaces back with: kubectl molecule restore`;
  const agents = (namespace: string): string =>
    `denied request: Cannot delete namespace ${namespace}: agents are in it, such as Workspace writer, which would go without an approval; delete the Org first, or the Workspaces where there is none, then the namespace.`;
  const OPERATORS =
    'denied request: Cannot delete namespace molecule-system: the operator of all Orgs is in it; to remove it from the cluster, use kubectl molecule uninstall.';

  /** As a person does who wants a namespace gone that hangs. */
  async function tryToFinalize(namespace: string, user: object = {}): Promise<string> {
    const stored = JSON.parse(await mustKubectl(['get', 'namespace', namespace, '-o', 'json']));
    const input = JSON.stringify({ ...stored, spec: { finalizers: [] } });
    const path = `/api/v1/namespaces/${namespace}/finalize?dryRun=All`;
    const { code, stderr } = await kubectl(['replace', '--raw', path, '-f', '-'], { input, ...user });
    return code === 0 ? 'accepted' : stderr;
  }

  it.each([
    ['an Org', org, (namespace: string) => create({ kind: 'Org', name: 'org', spec: {} }, { namespace })],
    ['a volume of an agent', volumes, (namespace: string) => createVolume(namespace, 'data')],
    [
      'a Workspace without an Org',
      agents,
      (namespace: string) => create({ kind: 'Workspace', name: 'writer', spec: {} }, { namespace }),
    ],
  ])('that holds %s is neither deleted nor finalized', async (_sentence, message, fill) => {
    const namespace = await createNamespace('guard-ns');
    await fill(namespace);
    const dry = await tryToDelete(['namespace', namespace], {});
    expect(dry).toContain(message(namespace));
    expect(dry).toContain(FORBIDDEN);
    const real = await kubectl(['delete', 'namespace', namespace, '--wait=false']);
    expect(real.stderr).toContain(message(namespace));
    expect(await tryToFinalize(namespace)).toContain(message(namespace));
    const users = ['system:serviceaccount:kube-system:namespace-controller', 'system:kube-controller-manager'];
    for (const as of users) expect(await tryToFinalize(namespace, { as, groups: ['system:masters'] })).toBe('accepted');
    expect(await mustKubectl(['get', 'namespace', namespace, '-o', 'jsonpath={.status.phase}'])).toBe('Active');
  });

  it('of the operator is neither deleted nor finalized', async () => {
    expect(await tryToDelete(['namespace', 'molecule-system'], {})).toContain(OPERATORS);
    expect(await tryToDelete(['namespace', 'molecule-system'], OPERATOR)).toContain(OPERATORS);
    expect(await tryToFinalize('molecule-system')).toContain(OPERATORS);
  });

  it('that holds nothing of ours is deleted and finalized by anybody', async () => {
    const namespace = await createNamespace('guard-ns');
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    const metadata = { labels: { [LABELS.managedBy]: MANAGED_BY } };
    await create({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'foreign', metadata, spec }, { namespace });
    expect(await tryToDelete(['namespace', namespace], {})).toBe('accepted');
    expect(await tryToFinalize(namespace)).toBe('accepted');
  });
});

describe('our CustomResourceDefinitions', () => {
  const REFUSED =
    'denied request: Cannot delete this CustomResourceDefinition: every Org, Workspace, TemplateAsset or ApprovalRequest in the cluster would go with it without an approval; to remove the operator from the cluster, use kubectl molecule uninstall.';

  it.each(['orgs', 'workspaces', 'templateassets', 'approvalrequests'])('keep %s', async (plural) => {
    const refusal = await tryToDelete(['crd', `${plural}.moleculesai.app`], {});
    expect(refusal).toContain(REFUSED);
    expect(refusal).toContain(FORBIDDEN);
    expect(await tryToDelete(['crd', `${plural}.moleculesai.app`], OPERATOR)).toContain(REFUSED);
  });

  it('are kept from a deletion of many at once', async () => {
    const selected = 'dryRun=All&labelSelector=app.kubernetes.io/component%3Dcrds';
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions?${selected}`;
    expect((await kubectl(['delete', '--raw', path])).stderr).toContain(REFUSED);
  });

  it('are the only ones that are kept', async () => {
    const names = { kind: 'Sprocket', listKind: 'SprocketList', plural: 'sprockets', singular: 'sprocket' };
    const schema = { openAPIV3Schema: { type: 'object' } };
    const versions = [{ name: 'v1', served: true, storage: true, schema }];
    const spec = { group: 'guard.example.com', scope: 'Namespaced', names, versions };
    const name = 'sprockets.guard.example.com';
    await create({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name, spec }, {});
    await mustKubectl(['delete', 'crd', name]);
    expect(await mustKubectl(['get', 'crd', name, '--ignore-not-found'])).toBe('');
  });
});

describe('a finalizer that makes the garbage collector act', () => {
  const REFUSED = 'denied request: Cannot add the finalizer foregroundDeletion or orphan:';
  const kinds = [
    ['Org', 'org', {}],
    ['Workspace', 'writer', {}],
    ['TemplateAsset', 'default', TEMPLATE_ASSET_SPEC],
    ['ApprovalRequest', 'asked', DRAFT_SPEC],
  ] as const;
  let namespace: string;
  beforeAll(async () => {
    namespace = await createNamespace('guard-cascades');
    for (const [kind, name, spec] of kinds) await create({ kind, name, spec }, { namespace });
  });

  it.each(kinds)('is not put on a %s by a patch', async (kind, name) => {
    for (const finalizer of ['foregroundDeletion', 'orphan']) {
      const change = { metadata: { finalizers: ['moleculesai.app/approval', finalizer] } };
      const refusal = await tryToPatch(`${kind}/${name}`, change, { namespace });
      expect(refusal).toContain(REFUSED);
      expect(refusal).toContain(FORBIDDEN);
      expect(await tryToPatch(`${kind}/${name}`, change, { namespace, ...OPERATOR })).toContain(REFUSED);
    }
  });

  it('is not there from the creation on', async () => {
    const manifest = { kind: 'Workspace', name: 'born', spec: {}, metadata: { finalizers: ['orphan'] } };
    await expect(create(manifest, { namespace })).rejects.toThrow(REFUSED);
  });
});
