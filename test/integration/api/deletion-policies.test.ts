import { beforeAll, describe, expect, it } from 'vitest';
import { createNamespace, kubectl, mustKubectl } from '../../support/control-plane.ts';
import { create, OPERATOR, SHA256, TEMPLATE_ASSET_SPEC, tryToDelete, tryToPatch, UUID } from './requests.ts';

const kinds = [
  ['Org', 'org', 'org', {}],
  ['Workspace', 'writer', 'ws/writer', {}],
  ['TemplateAsset', 'default', 'ta/default', TEMPLATE_ASSET_SPEC],
] as const;

/** A namespace with one object of each kind, in an Org of that mode. */
async function createOrg(mode: 'Hold' | 'Refuse'): Promise<string> {
  const namespace = await createNamespace(`deletion-${mode.toLowerCase()}`);
  for (const [kind, name, , spec] of kinds)
    await create({ kind, name, spec: kind === 'Org' ? { approvals: { mode } } : spec }, { namespace });
  return namespace;
}

const writeStatus = async (target: string, status: object, namespace: string): Promise<string> =>
  tryToPatch(target, { status }, { namespace, ...OPERATOR, subresource: 'status', isReal: true });

describe('an Org that refuses deletions', () => {
  let namespace: string;
  beforeAll(async () => {
    namespace = await createOrg('Refuse');
  });
  const refusal = (kind: string, name: string, reference: string): string =>
    `denied request: Cannot delete ${kind} ${name} in namespace ${namespace}: its Org refuses deletions without an approval; ask for one with: kubectl molecule delete ${reference} -n ${namespace} --reason WHY`;

  it.each(kinds)('refuses that of a %s, in a dry run too, and says how to ask', async (kind, name, reference) => {
    const dry = await tryToDelete([kind, name], { namespace });
    expect(dry).toContain(refusal(kind, name, reference));
    expect(dry).toContain('Error from server (Forbidden)');
    const real = await kubectl(['delete', kind, name, '--wait=false'], { namespace });
    expect(real.stderr).toContain(refusal(kind, name, reference));
    const deleted = ['get', kind, name, '-o', 'jsonpath={.metadata.deletionTimestamp}'];
    expect(await mustKubectl(deleted, { namespace })).toBe('');
  });

  it.each([
    ['kubectl delete --all', ['delete', 'ws', '--all', '--wait=false']],
    ['a selector', ['delete', 'ws', '-l', 'team!=a', '--wait=false']],
  ])('refuses that of many at once: %s', async (_sentence, args) => {
    expect((await kubectl(args, { namespace })).stderr).toContain(refusal('Workspace', 'writer', 'ws/writer'));
  });

  it.each(['', '?dryRun=All', '?propagationPolicy=Foreground', '?propagationPolicy=Orphan', '?gracePeriodSeconds=0'])(
    'refuses that of a whole collection%s',
    async (query) => {
      const path = `/apis/moleculesai.app/v1alpha1/namespaces/${namespace}/workspaces${query}`;
      expect((await kubectl(['delete', '--raw', path])).stderr).toContain(refusal('Workspace', 'writer', 'ws/writer'));
    },
  );

  it('lets the operator delete', async () => {
    expect(await tryToDelete(['ws', 'writer'], { namespace, ...OPERATOR })).toBe('accepted');
  });

  it('lets in the deletion that was granted, and no other', async () => {
    await create({ kind: 'Workspace', name: 'granted', spec: {} }, { namespace });
    const deletionGrant = { request: 'asked', hash: SHA256, expiresAt: '2027-12-01T00:00:00Z' };
    expect(await writeStatus('ws/granted', { deletionGrant }, namespace)).toBe('accepted');
    const answer = await kubectl(['delete', 'ws', 'granted', '--wait=false'], { namespace });
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(await tryToDelete(['ws', 'writer'], { namespace })).toContain(refusal('Workspace', 'writer', 'ws/writer'));
  });

  it('lets in one more deletion of what is being deleted already, which changes nothing', async () => {
    await create({ kind: 'Workspace', name: 'going', spec: {} }, { namespace });
    await mustKubectl(['delete', 'ws', 'going', '--wait=false'], { namespace, ...OPERATOR });
    expect(await tryToDelete(['ws', 'going'], { namespace })).toBe('accepted');
  });

  it('cannot be granted a deletion by anybody but the operator', async () => {
    const status = { deletionGrant: { request: 'asked', hash: SHA256 } };
    expect(await tryToPatch('ws/writer', { status }, { namespace, subresource: 'status' })).toContain(
      'Cannot write this status',
    );
  });
});

describe('an Org that holds what is deleted', () => {
  let namespace: string;
  beforeAll(async () => {
    namespace = await createOrg('Hold');
  });

  it.each(kinds)('accepts the deletion of a %s and says that it waits', async (kind, name) => {
    const { code, stderr } = await kubectl(['delete', kind, name, '--dry-run=server'], { namespace });
    expect(code).toBe(0);
    const condition = kind === 'TemplateAsset' ? ' if a Workspace uses it' : '';
    expect(stderr).toContain('Warning: ');
    expect(stderr).toContain(
      `The deletion of ${kind} ${name} waits for an approval${condition}, and everything runs on until then; see what waits with: kubectl molecule approvals list -n ${namespace}`,
    );
  });

  it('says nothing to the operator, nor of what was granted', async () => {
    const silent = { code: 0, stderr: '' };
    const dry = ['delete', 'ws', 'writer', '--dry-run=server'];
    expect(await kubectl(dry, { namespace, ...OPERATOR })).toMatchObject(silent);
    expect(await writeStatus('ws/writer', { deletionGrant: { request: 'a', hash: SHA256 } }, namespace)).toBe(
      'accepted',
    );
    expect(await kubectl(dry, { namespace })).toMatchObject(silent);
  });
});

describe('a namespace without an Org', () => {
  it('refuses no deletion and promises nothing', async () => {
    const namespace = await createNamespace('deletion-none');
    await create({ kind: 'Workspace', name: 'writer', spec: {} }, { namespace });
    const answer = await kubectl(['delete', 'ws', 'writer', '--dry-run=server'], { namespace });
    expect(answer).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the status', () => {
  const REFUSED =
    'denied request: Cannot write this status: it is what the operator has observed, and only the operator writes it; change the spec and see what status says then.';
  let namespace: string;
  beforeAll(async () => {
    namespace = await createOrg('Hold');
    const target = { group: 'moleculesai.app', kind: 'Workspace', name: 'writer', uid: UUID };
    await create(
      { kind: 'ApprovalRequest', name: 'asked', spec: { action: 'delete_workspace', target } },
      { namespace },
    );
  });

  it.each([...kinds, ['ApprovalRequest', 'asked', 'apr/asked', {}] as const])(
    'of a %s is written by the operator alone',
    async (kind, name) => {
      const status = { observedGeneration: 1 };
      const write = (user: object): Promise<string> =>
        tryToPatch(`${kind}/${name}`, { status }, { namespace, subresource: 'status', ...user });
      expect(await write({})).toContain(REFUSED);
      expect(await write({})).toContain('Error from server (Forbidden)');
      const controller = 'system:serviceaccount:kube-system:generic-garbage-collector';
      expect(await write({ as: controller, groups: ['system:masters'] })).toContain(REFUSED);
      expect(await write(OPERATOR)).toBe('accepted');
    },
  );

  it.each([
    ['a server-side apply', ['apply', '--server-side', '--subresource=status', '-f', '-']],
    ['a replacement', ['replace', '--subresource=status', '-f', '-']],
  ])('is not written by %s either', async (_sentence, args) => {
    const body = { apiVersion: 'moleculesai.app/v1alpha1', kind: 'Org', metadata: { name: 'org' } };
    const input = JSON.stringify({ ...body, status: { observedGeneration: 1 }, spec: {} });
    expect((await kubectl(args, { namespace, input })).stderr).toContain(REFUSED);
  });

  it('is not reached by a change of the object itself', async () => {
    const change = { metadata: { labels: { team: 'a' } }, status: { orgID: 'forged' } };
    expect(await tryToPatch('org/org', change, { namespace, isReal: true })).toBe('accepted');
    expect(await mustKubectl(['get', 'org', 'org', '-o', 'jsonpath={.status.orgID}'], { namespace })).toBe('');
  });
});
