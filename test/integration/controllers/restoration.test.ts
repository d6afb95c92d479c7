import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { APPROVAL_REQUESTS, ORGS, TEMPLATE_ASSETS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Org, TemplateAsset, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { Restorable } from '../../../src/controllers/restoration/restorable.ts';
import { mustKubectl } from '../../support/control-plane.ts';
import { type AgentPod, startOperator, type TestOperator } from './operator.ts';

const TIMEOUT_MS = 30_000;
let operator: TestOperator;

beforeAll(async () => {
  operator = await startOperator();
  await operator.create(ORGS, { spec: { defaults: { image: 'example.invalid/agent:1' } } }, 'org');
});
afterAll(() => operator.stop());

const read = (name: string): Promise<Restorable> => operator.get<Restorable>(WORKSPACES, name);

/** As a GitOps tool does it: what it leaves out of its next apply goes. */
function apply(name: string, body: { readonly labels?: object; readonly spec?: object }): Promise<string> {
  const { labels = {}, spec = {} } = body;
  const object = { apiVersion: 'moleculesai.app/v1alpha1', kind: 'Workspace', metadata: { name, labels }, spec };
  const flags = ['apply', '--server-side', '--field-manager=gitops', '-f', '-'];
  return mustKubectl(flags, { namespace: operator.namespace, input: JSON.stringify(object) });
}

async function start(name: string, body: Parameters<typeof apply>[1] = {}): Promise<AgentPod> {
  await apply(name, body);
  const pod = await operator.podOf(name);
  await operator.runAgent(pod);
  await operator.until(name, { status: 'True', reason: 'WorkspaceReady' });
  return pod;
}

async function remove(name: string, kind = 'workspace', ...flags: readonly string[]): Promise<void> {
  await mustKubectl(['delete', kind, name, '--wait=false', ...flags], { namespace: operator.namespace });
}

async function requestFor(name: string): Promise<ApprovalRequest> {
  const find = async (): Promise<ApprovalRequest | undefined> => {
    const { items } = await operator.client.list<ApprovalRequest>(APPROVAL_REQUESTS, {
      namespace: operator.namespace,
      signal: new AbortController().signal,
    });
    return items.find(({ spec, status }) => spec.target.name === name && status?.phase === 'Pending');
  };
  return waitFor(find, { what: `a request for the deletion of ${name}`, timeoutMs: TIMEOUT_MS });
}

/** A human says no. */
async function deny({ metadata, spec }: ApprovalRequest): Promise<void> {
  const decision = { verdict: 'Denied', hash: spec.hash, by: 'alice' };
  const patch = JSON.stringify({ spec: { decision } });
  await mustKubectl(['patch', 'approvalrequest', metadata.name, '--type=merge', '-p', patch], {
    namespace: operator.namespace,
    as: 'alice',
    groups: ['system:masters'],
  });
}

const concluded = ({ status }: ApprovalRequest) => status?.conditions?.find(({ type }) => type === 'Concluded');

async function untilConcluded(
  { metadata }: ApprovalRequest,
  wanted: object = { status: 'True' },
): Promise<ApprovalRequest> {
  return waitFor(
    async () => {
      const request = await operator.get<ApprovalRequest>(APPROVAL_REQUESTS, metadata.name);
      const condition: Readonly<Record<string, unknown>> = { ...concluded(request) };
      return Object.entries(wanted).every(([member, value]) => condition[member] === value) && request;
    },
    { what: `${metadata.name} be concluded as ${JSON.stringify(wanted)}`, timeoutMs: TIMEOUT_MS },
  );
}

async function denyDeletion(name: string): Promise<ApprovalRequest> {
  const request = await requestFor(name);
  await deny(request);
  return untilConcluded(request);
}

/** Who owns what, without when it was written. */
function owners({ metadata }: Restorable): readonly object[] {
  const entries = (metadata.managedFields ?? []).filter(({ subresource }) => subresource === undefined);
  const withoutTime = entries.map((entry) => Object.entries(entry).filter(([member]) => member !== 'time'));
  return withoutTime
    .map((members) => Object.fromEntries(members))
    .toSorted((a, b) => (String(a.manager) < String(b.manager) ? -1 : 1));
}

describe('a denied deletion of a Workspace', () => {
  it('brings it back as it was, around an agent that notices nothing', async () => {
    const body = { labels: { team: 'docs', stage: 'live' }, spec: { displayName: 'Writer' } };
    const pod = await start('writer', body);
    await apply('reader', { spec: { parentRef: { name: 'writer' } } });
    const before = await read('writer');
    await remove('writer');
    const request = await denyDeletion('writer');
    const after = await read('writer');
    expect(request.status).toMatchObject({
      phase: 'Denied',
      restoration: { state: 'Restored', uid: after.metadata.uid },
    });
    expect(concluded(request)).toMatchObject({ reason: 'ApprovalDenied' });
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.metadata).toMatchObject({ labels: before.metadata.labels, finalizers: before.metadata.finalizers });
    expect(after.metadata.annotations).toEqual(before.metadata.annotations);
    expect(after.spec).toEqual(before.spec);
    expect(owners(after)).toEqual(owners(before));
    await operator.until('writer', { status: 'True', reason: 'WorkspaceReady' });
    const { status } = await operator.get<Workspace>(WORKSPACES, 'writer');
    expect(status).toMatchObject({ id: before.metadata.uid, incarnation: before.metadata.uid });
    const [same, ...more] = await operator.podsOf('writer');
    expect(more).toEqual([]);
    expect(same?.metadata.uid).toBe(pod.metadata.uid);
    expect(same?.metadata.ownerReferences).toEqual(pod.metadata.ownerReferences);
    const placed = await operator.until('reader', { type: 'Placed', status: 'True' });
    expect(placed.workspace.status).toMatchObject({ parent: 'writer' });
  });

  it('lets the next apply take fields and labels away that it leaves out', async () => {
    await start('edited', { labels: { team: 'docs', stage: 'live' }, spec: { displayName: 'Edited' } });
    await remove('edited');
    await denyDeletion('edited');
    await apply('edited', { labels: { team: 'docs' } });
    const { metadata, spec } = await read('edited');
    expect(metadata.labels).toEqual({ team: 'docs' });
    expect(spec).not.toHaveProperty('displayName');
  });

  it('can be asked for again, and denied again', async () => {
    const pod = await start('twice');
    const { metadata } = await read('twice');
    for (const round of [1, 2]) {
      await remove('twice');
      const { status } = await denyDeletion('twice');
      expect(status?.restoration, `round ${round}`).toMatchObject({ id: metadata.uid, incarnation: metadata.uid });
    }
    expect((await operator.podOf('twice')).metadata.uid).toBe(pod.metadata.uid);
  });

  it('keeps what was edited while it waited', async () => {
    await start('waits');
    await remove('waits');
    const request = await requestFor('waits');
    await apply('waits', { labels: { team: 'late' } });
    const { metadata: changed } = await read('waits');
    expect(changed.deletionTimestamp).toBeDefined();
    await deny(request);
    await untilConcluded(request);
    expect((await read('waits')).metadata).toMatchObject({ labels: { team: 'late' } });
  });

  it('that could not be made again stays held, with its agent, until it can', async () => {
    const pod = await start('refused');
    const { metadata } = await read('refused');
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'no-more' },
      spec: { hard: { 'count/workspaces.moleculesai.app': '1' } },
    };
    await mustKubectl(['create', '-f', '-'], { namespace: operator.namespace, input: JSON.stringify(quota) });
    await waitFor(async () => (await quotaUse()) !== '', { what: 'the quota to be counted', timeoutMs: TIMEOUT_MS });
    await remove('refused');
    const request = await requestFor('refused');
    await deny(request);
    const told = await untilConcluded(request, { status: 'False', reason: 'CannotRestore' });
    expect(concluded(told)?.message).toContain('The ResourceQuota "no-more" has no room');
    expect((await read('refused')).metadata.uid).toBe(metadata.uid);
    const { condition } = await operator.until('refused', { type: 'ApprovalPending', reason: 'CannotRestore' });
    expect(condition.message).toContain('stays held');
    await mustKubectl(['delete', 'resourcequota', 'no-more'], { namespace: operator.namespace });
    await untilConcluded(request);
    expect((await read('refused')).metadata.uid).not.toBe(metadata.uid);
    expect((await operator.podOf('refused')).metadata.uid).toBe(pod.metadata.uid);
  });
});

describe('a denied deletion of an Org', () => {
  it('brings it back with its id and with what only an administrator allowed, and its agents notice nothing', async () => {
    const root = await operator.podOf('platform-agent');
    const agent = await start('colleague');
    await operator.patch(ORGS, 'org', { spec: { allowPrivilegedTiers: true } });
    const before = await operator.get<Org>(ORGS, 'org');
    await remove('org', 'org');
    await denyDeletion('org');
    const after = await waitFor(
      async () => {
        const org = await operator.get<Org>(ORGS, 'org');
        return org.status?.platformAgentRef !== undefined && org;
      },
      { what: 'the Org to be looked at', timeoutMs: TIMEOUT_MS },
    );
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.spec).toEqual(before.spec);
    expect(after.status).toMatchObject({ orgID: before.metadata.uid, rootID: before.status?.rootID });
    expect((await operator.podOf('platform-agent')).metadata.uid).toBe(root.metadata.uid);
    expect((await operator.podOf('colleague')).metadata.uid).toBe(agent.metadata.uid);
  });
});

describe('a denied deletion of a TemplateAsset', () => {
  it('brings it back with what agents have from it', async () => {
    const source = {
      forge: 'gitea',
      baseURL: 'https://git.example.com',
      owner: 'templates',
      repo: 'writing',
      ref: 'main',
    };
    const template = { source, auth: 'anonymous', include: ['config.yaml'], interval: '1h' };
    await operator.create(TEMPLATE_ASSETS, { spec: template }, 'writing');
    const pod = await start('templated', { spec: { templateRef: { name: 'writing' } } });
    const before = await operator.get<TemplateAsset>(TEMPLATE_ASSETS, 'writing');
    await remove('writing', 'templateasset');
    await denyDeletion('writing');
    const after = await operator.get<TemplateAsset>(TEMPLATE_ASSETS, 'writing');
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.spec).toEqual(before.spec);
    expect(before.status?.artifact).toBeDefined();
    expect(after.status?.artifact).toEqual(before.status?.artifact);
    expect((await operator.podOf('templated')).metadata.uid).toBe(pod.metadata.uid);
  });
});

async function quotaUse(): Promise<string> {
  const path = '-o=jsonpath={.status.used}';
  return mustKubectl(['get', 'resourcequota', 'no-more', path], { namespace: operator.namespace });
}
