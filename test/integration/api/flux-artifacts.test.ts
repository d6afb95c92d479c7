import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { FLUX_SOURCES } from '../../../src/controllers/template-asset/flux-source.ts';
import { createNamespace, mustKubectl } from '../../support/control-plane.ts';
import { bindRoles, create, OPERATOR, TEMPLATE_ASSET_SPEC, tryToCreate, tryToPatch } from './requests.ts';

const EDITOR = { as: 'fred' };
/** May read one object of each kind of Flux, the one called templates. */
const READER = { as: 'rita' };
const KINDS = Object.keys(FLUX_SOURCES);
const OF_GIT = { artifactRef: { kind: 'GitRepository', name: 'templates' } };

function refusal(kind: string, name: string): string {
  const resource = `${kind.toLowerCase().replace(/y$/, 'ie')}s.source.toolkit.fluxcd.io`;
  return `denied request: Cannot use ${kind} "${name}" in spec.artifactRef: agents would be given its files for you, and that takes the right to get it, which you do not have; ask somebody who has it to make this change, or an administrator for a Role with get on ${resource} (resourceNames: [${name}]).`;
}

const asset = (spec: object): { kind: string; name: string; spec: object } => ({
  kind: 'TemplateAsset',
  name: 'a',
  spec,
});

let namespace: string;
let other: string;
beforeAll(async () => {
  [namespace, other] = await Promise.all([createNamespace('flux-artifacts'), createNamespace('neighbours')]);
  await Promise.all([EDITOR, READER].map(({ as }) => bindRoles(as, ['molecule-viewer', 'molecule-editor'], namespace)));
  await bindRoles(READER.as, ['molecule-viewer', 'molecule-editor'], other);
  // Not by kubectl create role, which asks what the kinds are: the cluster has none of Flux.
  const rules = [
    {
      apiGroups: ['source.toolkit.fluxcd.io'],
      resources: Object.values(FLUX_SOURCES).map(({ plural }) => plural),
      resourceNames: ['templates'],
      verbs: ['get'],
    },
  ];
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'reader' }, rules };
  await mustKubectl(['create', '-f', '-'], { namespace, input: JSON.stringify(role) });
  await mustKubectl(['create', 'rolebinding', 'reader', '--role=reader', `--user=${READER.as}`], { namespace });
  // kubectl auth can-i does not know the kinds either.
  await waitFor(async () => (await tryToCreate(asset(OF_GIT), { namespace, ...READER })) === 'accepted', {
    what: 'the right to the objects of Flux be in force',
    timeoutMs: 10_000,
  });
  await create({ kind: 'TemplateAsset', name: 'of-flux', spec: OF_GIT }, { namespace });
  await create({ kind: 'TemplateAsset', name: 'of-a-forge', spec: TEMPLATE_ASSET_SPEC }, { namespace });
});

describe('a new TemplateAsset', () => {
  it.each(KINDS)('with a %s is for those who may read that very object, in that namespace', async (kind) => {
    const spec = { artifactRef: { kind, name: 'templates' } };
    const answer = await tryToCreate(asset(spec), { namespace, ...EDITOR });
    expect(answer).toContain(refusal(kind, 'templates'));
    expect(answer).toContain('Error from server (Forbidden)');
    expect(await tryToCreate(asset(spec), { namespace, ...READER })).toBe('accepted');
    expect(await tryToCreate(asset(spec), { namespace: other, ...READER })).toContain(refusal(kind, 'templates'));
    const secret = { artifactRef: { kind, name: 'payroll' } };
    expect(await tryToCreate(asset(secret), { namespace, ...READER })).toContain(refusal(kind, 'payroll'));
  });

  it('names nothing of another namespace: there is no field for it', async () => {
    const spec = { artifactRef: { ...OF_GIT.artifactRef, namespace: other } };
    expect(await tryToCreate(asset(spec), { namespace, ...READER })).toContain(
      'unknown field "spec.artifactRef.namespace"',
    );
    const lenient = ['create', '--dry-run=server', '--validate=ignore', '-o', 'json', '-f', '-'];
    const body = { apiVersion: 'moleculesai.app/v1alpha1', ...asset(spec), metadata: { name: 'a' } };
    const stored = JSON.parse(await mustKubectl(lenient, { namespace, ...READER, input: JSON.stringify(body) }));
    expect(stored.spec.artifactRef).toEqual(OF_GIT.artifactRef);
  });

  it('of a forge needs no right to anything of Flux', async () => {
    expect(await tryToCreate(asset(TEMPLATE_ASSET_SPEC), { namespace, ...EDITOR })).toBe('accepted');
  });

  it('is made again by the operator, with the rights of its role alone', async () => {
    const metadata = { finalizers: ['moleculesai.app/approval'] };
    for (const kind of KINDS) {
      const manifest = { ...asset({ artifactRef: { kind, name: 'templates' } }), metadata };
      expect(await tryToCreate(manifest, { namespace, as: OPERATOR.as })).toBe('accepted');
    }
  });
});

describe('a TemplateAsset that takes an artifact of Flux', () => {
  const patch = (spec: object, user: object, name = 'of-flux'): Promise<string> =>
    tryToPatch(`templateasset/${name}`, { spec }, { namespace, ...user });

  it.each([
    ['another object', { name: 'payroll' }, refusal('GitRepository', 'payroll')],
    ['another kind', { kind: 'Bucket' }, refusal('Bucket', 'templates')],
  ])('is not given %s by whoever may not read it', async (_what, artifactRef, expected) => {
    expect(await patch({ artifactRef }, EDITOR)).toContain(expected);
  });

  it('is given another object by who may read it', async () => {
    expect(await patch({ artifactRef: { kind: 'Bucket' } }, READER)).toBe('accepted');
  });

  it.each([
    ['suspended', { suspend: true }],
    ['given another include', { include: ['config.yaml'] }],
    ['given another folder', { artifactRef: { subPath: 'templates/seo' } }],
    ['moved to a forge', { ...TEMPLATE_ASSET_SPEC, artifactRef: null }],
  ])('can be %s by whoever may not read the object', async (_what, spec) => {
    expect(await patch(spec, EDITOR)).toBe('accepted');
  });

  it('can be labelled by whoever may not read the object', async () => {
    const labels = { metadata: { labels: { team: 'a' } } };
    expect(await tryToPatch('templateasset/of-flux', labels, { namespace, ...EDITOR })).toBe('accepted');
  });

  it('does not become one through an edit of somebody who may not read the object', async () => {
    const spec = { ...OF_GIT, source: null, auth: null };
    expect(await patch(spec, EDITOR, 'of-a-forge')).toContain(refusal('GitRepository', 'templates'));
    expect(await patch(spec, READER, 'of-a-forge')).toBe('accepted');
  });
});
