import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ANNOTATIONS } from '../../../src/apis/v1alpha1/names.ts';
import { CONFIG_MAPS, ORGS, TEMPLATE_ASSETS } from '../../../src/apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../../../src/apis/v1alpha1/types.generated.ts';
import { commitFiles } from '../../unit/assets/verify/git-repository.ts';
import { createSshSigner, idOf, payloadOf } from '../../unit/assets/verify/sign.ts';
import { startOperator, type TestOperator } from './operator.ts';

let operator: TestOperator;

beforeAll(async () => {
  operator = await startOperator();
  await operator.create(ORGS, { spec: { defaults: { image: 'example.invalid/agent:1' } } }, 'org');
});
afterAll(() => operator.stop());

async function createTemplate(name: string, verify: object): Promise<void> {
  const source = { forge: 'gitea', baseURL: 'https://git.example', owner: 'molecule', repo: name, ref: 'main' };
  await operator.create(TEMPLATE_ASSETS, { spec: { source, auth: 'anonymous', verify } }, name);
}

/** Waits until SourceVerified has this reason, and answers with the object as it is then. */
function until(name: string, reason: string): Promise<TemplateAsset> {
  return waitFor(
    async () => {
      const asset = await operator.get<TemplateAsset>(TEMPLATE_ASSETS, name);
      const { conditions = [], observedGeneration } = asset.status ?? {};
      const isThere = conditions.some(
        (condition) => condition.type === 'SourceVerified' && condition.reason === reason,
      );
      return isThere && observedGeneration === asset.metadata.generation && asset;
    },
    { what: `SourceVerified of ${name} be ${reason}`, timeoutMs: 20_000 },
  );
}

let requests = 0;
async function lookNow(name: string): Promise<void> {
  requests += 1;
  const annotations = { [ANNOTATIONS.requestedAt]: `request-${requests}` };
  await operator.patch(TEMPLATE_ASSETS, name, { metadata: { annotations } });
}

const SIGNER = createSshSigner();

/** A commit of these files that SIGNER signed, for which the forge sends these or, where it is hostile, others. */
async function pushSigned(files: Readonly<Record<string, string>>, sent = files): Promise<string> {
  const all = Object.entries(files).map(([path, content]) => ({ path, content }));
  const { tree, entries } = await commitFiles(all, { isArchived: false });
  const payload = payloadOf({ tree });
  const signature = SIGNER.sign(payload);
  operator.forge.say({ isVerified: true, reason: 'valid', payload, signature });
  operator.forge.list(entries);
  return operator.forge.push(sent, idOf(payload, signature));
}

const patch = (name: string, spec: object): Promise<unknown> => operator.patch(TEMPLATE_ASSETS, name, { spec });

describe('a TemplateAsset with spec.verify', () => {
  it('takes the pinned commit and downloads no other, and keeps what is live until the pin moves', async () => {
    const first = operator.forge.push({ 'config.yaml': 'name: one\n' });
    await createTemplate('pinned', { commit: first });
    expect((await until('pinned', 'CommitPinned')).status?.artifact?.revision).toBe(first);
    const { download } = operator.forge.requests;

    const second = operator.forge.push({ 'config.yaml': 'name: two\n' });
    await lookNow('pinned');
    const { status } = await until('pinned', 'CommitMismatch');
    expect(status).toMatchObject({ artifact: { revision: first }, lastAttempt: { revision: second } });
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason: 'CommitMismatch' });
    expect(ready?.message).toContain(`; revision ${first.slice(0, 12)} stays live`);
    expect(operator.forge.requests.download).toBe(download);

    await patch('pinned', { verify: { commit: second } });
    expect((await until('pinned', 'CommitPinned')).status?.artifact?.revision).toBe(second);
    expect(operator.forge.requests.download).toBe(download + 1);
  });

  it('publishes nothing that the forge does not take for signed', async () => {
    operator.forge.push({ 'config.yaml': 'name: signed\n' });
    operator.forge.say({ isVerified: false, reason: 'unknown_key', payload: 'p', signature: 's' });
    const { download } = operator.forge.requests;
    await createTemplate('believed', { signature: { by: 'forge' } });
    expect((await until('believed', 'SignatureRefused')).status).not.toHaveProperty('artifact');
    expect(operator.forge.requests.download).toBe(download);
    operator.forge.say({ isVerified: true, reason: 'valid', payload: 'p', signature: 's' });
    await lookNow('believed');
    expect((await until('believed', 'SignatureVerified')).status).toHaveProperty('artifact');
  });

  it('reads the keys with the rights of its role, and stays closed without them', async () => {
    operator.forge.push({ 'config.yaml': 'name: keys\n' });
    operator.forge.say({ isVerified: true, reason: 'valid', payload: '', signature: '' });
    const { download } = operator.forge.requests;
    await createTemplate('keys', { signature: { by: 'signers', signersRef: { name: 'signers' } } });
    await until('keys', 'SignersNotFound');
    const configMap = { apiVersion: 'v1', spec: undefined, data: { allowed_signers: 'nonsense' } };
    await operator.create(CONFIG_MAPS, configMap, 'signers');
    await lookNow('keys');
    await until('keys', 'SignersInvalid');
    await operator.patch(CONFIG_MAPS, 'signers', { data: { allowed_signers: `a ${createSshSigner().publicKey}` } });
    await lookNow('keys');
    expect((await until('keys', 'CommitNotSigned')).status).not.toHaveProperty('artifact');
    expect(operator.forge.requests.download).toBe(download);
    await patch('keys', { verify: null });
    await waitFor(
      async () => (await operator.get<TemplateAsset>(TEMPLATE_ASSETS, 'keys')).status?.artifact !== undefined,
      { what: 'the template be published without verification', timeoutMs: 20_000 },
    );
    const { conditions = [] } = (await operator.get<TemplateAsset>(TEMPLATE_ASSETS, 'keys')).status ?? {};
    expect(conditions.map(({ type }) => type)).not.toContain('SourceVerified');
  });

  it('takes no other files than were signed, says which differ, and keeps what is live', async () => {
    const configMap = { apiVersion: 'v1', spec: undefined, data: { allowed_signers: `a ${SIGNER.publicKey}` } };
    await operator.create(CONFIG_MAPS, configMap, 'who-may-sign');
    const first = await pushSigned({ 'config.yaml': 'name: one\n', 'prompts/a.md': 'Be good\n' });
    await createTemplate('files', { signature: { by: 'signers', signersRef: { name: 'who-may-sign' } } });
    const live = (await until('files', 'SignatureVerified')).status?.artifact;
    expect(live).toMatchObject({ revision: first, files: 2 });

    const signed = { 'config.yaml': 'name: two\n', 'prompts/a.md': 'Be better\n' };
    const second = await pushSigned(signed, { ...signed, 'prompts/a.md': 'Be evil\n' });
    await lookNow('files');
    const { status } = await until('files', 'TreeMismatch');
    expect(status).toMatchObject({ artifact: live, lastAttempt: { revision: second, reason: 'TreeMismatch' } });
    const told = new Map(status?.conditions?.map((condition) => [condition.type, condition]));
    expect(told.get('SourceVerified')?.status).toBe('False');
    expect(told.get('Ready')).toMatchObject({
      status: 'False',
      reason: 'TreeMismatch',
      message: expect.stringMatching(/is not what was signed: "prompts\/a.md" has other bytes; .* stays live$/),
    });

    const third = await pushSigned({ ...signed, 'prompts/a.md': 'Be best\n' });
    await lookNow('files');
    expect((await until('files', 'SignatureVerified')).status?.artifact?.revision).toBe(third);
  });
});
