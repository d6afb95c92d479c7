import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORGS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { type Asker, decide, openAsker, remove, requestsOf, untilGone, untilRequest } from './approvals.ts';
import { startOperator, type TestOperator } from './operator.ts';

const DEFAULTS = { image: 'example.invalid/agent:1', runtime: 'hermes' };

describe('a deletion that is asked for before it is sent', () => {
  let operator: TestOperator;
  let asker: Asker;

  beforeAll(async () => {
    operator = await startOperator();
    asker = await openAsker(operator.namespace);
    await operator.create(ORGS, { spec: { defaults: DEFAULTS } }, 'org');
  });
  afterAll(async () => {
    asker.close();
    await operator.stop();
  });

  async function agent(name: string): Promise<Workspace> {
    await operator.create(WORKSPACES, {}, name);
    await operator.podOf(name);
    return operator.get<Workspace>(WORKSPACES, name);
  }

  it('is completed with what would be lost, waits approved for the DELETE, and is used up by it', async () => {
    const workspace = await agent('writer');
    const draft = await asker.ask(workspace, 'ask-writer');
    const request = await untilRequest(operator, 'writer', { phase: 'Pending' });
    expect(request.metadata.uid).toBe(draft.metadata.uid);
    expect(request.spec.record).toMatchObject({ uid: workspace.metadata.uid, askers: [asker.userName] });
    expect(request.spec.expiresAt).toBe(request.spec.record?.expiresAt);
    await decide(operator, request);
    const approved = await untilRequest(operator, 'writer', { phase: 'Approved' });
    expect(approved.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'AwaitingDeletion',
    });
    expect(operator.ledger.operations).toHaveLength(0);
    await remove(operator, WORKSPACES, 'writer');
    await untilRequest(operator, 'writer', { phase: 'Consumed' });
    await untilGone(operator, WORKSPACES, workspace);
    expect(await requestsOf(operator, 'writer')).toHaveLength(1);
  });

  it('is asked for once: a second request is withdrawn and names the first, and who made it counts as somebody who asked', async () => {
    const workspace = await agent('twice');
    await remove(operator, WORKSPACES, 'twice');
    const first = await untilRequest(operator, 'twice', { phase: 'Pending' });
    await asker.ask(workspace, 'ask-twice');
    const second = await untilRequest(operator, 'twice', { phase: 'Withdrawn' });
    expect(second.status?.conditions?.find(({ type }) => type === 'Concluded')?.message).toContain(first.metadata.name);
    const { askers } = await operator.ledger.readCase(workspace.metadata.uid ?? '', 'delete_workspace');
    expect(askers).toEqual([asker.userName]);
  });

  it('leaves the object alone when it is denied, and can be asked for again', async () => {
    const workspace = await agent('kept');
    await asker.ask(workspace, 'ask-kept');
    await decide(operator, await untilRequest(operator, 'kept', { phase: 'Pending' }), 'Denied');
    const denied = await untilRequest(operator, 'kept', { phase: 'Denied' });
    expect(denied.status?.conditions?.find(({ type }) => type === 'Concluded')?.status).toBe('True');
    await asker.ask(workspace, 'ask-kept-again');
    await untilRequest(operator, 'kept', { phase: 'Pending', unless: [denied.metadata.name] });
    expect((await operator.get<Workspace>(WORKSPACES, 'kept')).metadata.uid).toBe(workspace.metadata.uid);
  });

  it('is withdrawn when there is no such object', async () => {
    const workspace = await agent('ghost');
    const gone = { ...workspace, metadata: { ...workspace.metadata, uid: '00000000-0000-4000-8000-000000000000' } };
    await asker.ask(gone, 'ask-ghost');
    await untilRequest(operator, 'ghost', { phase: 'Withdrawn' });
  });
});
