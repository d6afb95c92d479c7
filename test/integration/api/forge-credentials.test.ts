import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { createNamespace, kubectl, mustKubectl } from '../../support/control-plane.ts';
import { bindRoles, create, OPERATOR, TEMPLATE_ASSET_SPEC, tryToCreate, tryToPatch } from './requests.ts';

const EDITOR = { as: 'jane' };
/** May read one Secret, the one called forge. */
const OWNER = { as: 'olga' };
const { source } = TEMPLATE_ASSET_SPEC;
const USING_FORGE = { source, auth: 'token', secretRef: { name: 'forge' } };
const refusal = (secret: string): string =>
  `denied request: Cannot use Secret "${secret}" in spec.secretRef: the operator would log in with it for you, and that takes the right to get it, which you do not have; ask somebody who has it to make this change, or an administrator for a Role with get on this Secret (resourceNames: [${secret}]).`;

let namespace: string;
let other: string;
beforeAll(async () => {
  [namespace, other] = await Promise.all([createNamespace('forge-credentials'), createNamespace('neighbours')]);
  await Promise.all([EDITOR, OWNER].map(({ as }) => bindRoles(as, ['molecule-viewer', 'molecule-editor'], namespace)));
  await bindRoles(OWNER.as, ['molecule-viewer', 'molecule-editor'], other);
  const rule = ['--verb=get', '--resource=secrets', '--resource-name=forge'];
  await mustKubectl(['create', 'role', 'forge-reader', ...rule], { namespace });
  await mustKubectl(['create', 'rolebinding', 'forge-reader', '--role=forge-reader', `--user=${OWNER.as}`], {
    namespace,
  });
  const question = ['auth', 'can-i', 'get', 'secrets/forge'];
  await waitFor(async () => (await kubectl(question, { namespace, ...OWNER })).code === 0, {
    what: 'the right to the Secret be in force',
    timeoutMs: 10_000,
  });
  await create({ kind: 'TemplateAsset', name: 'used', spec: USING_FORGE }, { namespace });
  await create({ kind: 'TemplateAsset', name: 'open', spec: TEMPLATE_ASSET_SPEC }, { namespace });
});

const asset = (spec: object): { kind: string; name: string; spec: object } => ({
  kind: 'TemplateAsset',
  name: 'a',
  spec,
});

describe('a new TemplateAsset', () => {
  it('with a Secret is refused to an editor who may not read it, and says what to ask for', async () => {
    const answer = await tryToCreate(asset(USING_FORGE), { namespace, ...EDITOR });
    expect(answer).toContain(refusal('forge'));
    expect(answer).toContain('Error from server (Forbidden)');
  });

  it('is accepted from an editor who may read that Secret', async () => {
    expect(await tryToCreate(asset(USING_FORGE), { namespace, ...OWNER })).toBe('accepted');
  });

  it('with another Secret than the one he may read is refused, and so is one of that name next door', async () => {
    const spec = { ...USING_FORGE, secretRef: { name: 'database' } };
    expect(await tryToCreate(asset(spec), { namespace, ...OWNER })).toContain(refusal('database'));
    expect(await tryToCreate(asset(USING_FORGE), { namespace: other, ...OWNER })).toContain(refusal('forge'));
  });

  it('without a Secret needs no right to one', async () => {
    expect(await tryToCreate(asset(TEMPLATE_ASSET_SPEC), { namespace, ...EDITOR })).toBe('accepted');
  });
});

describe('a TemplateAsset that uses a Secret', () => {
  const patch = (spec: object, user: object, name = 'used'): Promise<string> =>
    tryToPatch(`templateasset/${name}`, { spec }, { namespace, ...user });

  it.each([
    ['another Secret', { secretRef: { name: 'database' } }, 'database'],
    ['another key of it', { secretRef: { key: 'password' } }, 'forge'],
    ['another server', { source: { baseURL: 'https://evil.example' } }, 'forge'],
    ['another kind of forge', { source: { forge: 'github' } }, 'forge'],
    ['another owner', { source: { owner: 'finance' } }, 'forge'],
    ['another repository', { source: { repo: 'payroll' } }, 'forge'],
  ])('is not given %s by whoever may not read the Secret', async (_what, spec, secret) => {
    expect(await patch(spec, EDITOR)).toContain(refusal(secret));
  });

  it('is given another repository by who may read it', async () => {
    expect(await patch({ source: { repo: 'payroll' } }, OWNER)).toBe('accepted');
  });

  it.each([
    ['suspended', { suspend: true }],
    ['set to another ref, as for a rollback', { source: { ref: 'v1.2.0' } }],
    ['given another include', { include: ['config.yaml'] }],
    ['pinned', { verify: { commit: 'a'.repeat(40) } }],
    ['taken the Secret away from', { auth: 'anonymous', secretRef: null }],
  ])('can be %s by whoever may not read the Secret', async (_what, spec) => {
    expect(await patch(spec, EDITOR)).toBe('accepted');
  });

  it('can be labelled by whoever may not read the Secret', async () => {
    const labels = { metadata: { labels: { team: 'a' } } };
    expect(await tryToPatch('templateasset/used', labels, { namespace, ...EDITOR })).toBe('accepted');
  });

  it('does not become one through an edit of somebody who may not read the Secret', async () => {
    const spec = { auth: 'token', secretRef: { name: 'forge' } };
    expect(await patch(spec, EDITOR, 'open')).toContain(refusal('forge'));
    expect(await patch(spec, OWNER, 'open')).toBe('accepted');
  });

  it('is made again by the operator, with the rights of its role alone', async () => {
    const metadata = { finalizers: ['moleculesai.app/approval'] };
    const answer = await tryToCreate({ ...asset(USING_FORGE), metadata }, { namespace, as: OPERATOR.as });
    expect(answer).toBe('accepted');
  });
});
