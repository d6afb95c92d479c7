import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { API_VERSION } from '../../../src/apis/v1alpha1/names.ts';
import { APPROVAL_REQUESTS, ORGS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { openKubeClient } from '../../../src/kube/open-client.ts';
import type { CaseFile } from '../../../src/ledger/port.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import type { ApprovalEffect } from '../../../src/runtime/plan.ts';
import { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';
import { adminKubeconfig } from '../../support/control-plane.ts';
import { createSwitch, decide, openAsker, remove, requestsOf, untilGone, untilRequest } from './approvals.ts';
import { startOperator, type TestOperator } from './operator.ts';

const DEFAULTS = { image: 'example.invalid/agent:1', runtime: 'hermes' };
const CLEAR = { ledger: 'available', openRoutes: [] } as const;
const DEAD = { ledger: 'unavailable', ledgerDeadSince: new Date(0), openRoutes: [] } as const;

/** One that can be made to stop answering. */
class MuteLedger extends MemoryLedger {
  isMute = false;

  override async readCase(uid: string, action: string): Promise<CaseFile> {
    if (this.isMute) throw new LedgerUnavailableError('It is mute');
    return super.readCase(uid, action);
  }

  override async approve(effect: ApprovalEffect): Promise<void> {
    if (this.isMute) throw new LedgerUnavailableError('It is mute');
    return super.approve(effect);
  }
}

/** While no operator runs. */
async function administer(work: (client: KubeClient) => Promise<void>): Promise<void> {
  const { client } = openKubeClient({ kubeconfig: adminKubeconfig(), userAgent: 'test' });
  try {
    await work(client);
  } finally {
    client.close();
  }
}

describe('a deletion that is approved while it may not go on', () => {
  const ledger = new MuteLedger({ now: () => new Date() });
  const operators: { stop(): Promise<void> }[] = [];
  let clearance = createSwitch(CLEAR);

  beforeEach(() => {
    clearance = createSwitch(CLEAR);
    ledger.isMute = false;
  });
  afterEach(async () => {
    await Promise.all(operators.splice(0).map((operator) => operator.stop()));
  });

  async function start(namespace?: string): Promise<TestOperator> {
    const operator = await startOperator({ ledger, clearance, ...(namespace === undefined ? {} : { namespace }) });
    operators.push(operator);
    return operator;
  }

  async function agent(operator: TestOperator, name: string, spec: object = {}): Promise<Workspace> {
    await operator.create(WORKSPACES, { spec }, name);
    await operator.podOf(name);
    return operator.get<Workspace>(WORKSPACES, name);
  }

  async function org(operator: TestOperator): Promise<void> {
    await operator.create(ORGS, { spec: { defaults: DEFAULTS } }, 'org');
  }

  async function untilReason(operator: TestOperator, target: string, reason: string): Promise<ApprovalRequest> {
    return waitFor(
      async () =>
        (await requestsOf(operator, target)).find(({ status }) =>
          status?.conditions?.some((condition) => condition.type === 'Concluded' && condition.reason === reason),
        ),
      { what: `a request about ${target} to say ${reason}`, timeoutMs: 20_000 },
    );
  }

  it('says that the ledger does not answer, keeps the agent, and goes on once it does', async () => {
    const operator = await start();
    await org(operator);
    const workspace = await agent(operator, 'writer');
    await remove(operator, WORKSPACES, 'writer');
    const request = await untilRequest(operator, 'writer', { phase: 'Pending' });
    ledger.isMute = true;
    clearance.set(DEAD);
    await decide(operator, request);
    await untilReason(operator, 'writer', 'LedgerUnavailable');
    expect(await operator.podsOf('writer')).toHaveLength(1);
    ledger.isMute = false;
    clearance.set(CLEAR);
    await untilRequest(operator, 'writer', { phase: 'Consumed' });
    await untilGone(operator, WORKSPACES, workspace);
  });

  it('says which way round the approvals is open, keeps the approval unused, and goes on once it is closed', async () => {
    const operator = await start();
    await org(operator);
    const workspace = await agent(operator, 'writer');
    await remove(operator, WORKSPACES, 'writer');
    const request = await untilRequest(operator, 'writer', { phase: 'Pending' });
    clearance.set({ ledger: 'available', openRoutes: ['the policy "x" is gone; apply manifests/guard'] });
    await decide(operator, request);
    const waiting = await untilReason(operator, 'writer', 'GuardOpen');
    expect(waiting.status?.phase).toBe('Approved');
    const { latest } = await ledger.readCase(workspace.metadata.uid ?? '', 'delete_workspace');
    expect(latest?.state).toBe('Approved');
    clearance.set(CLEAR);
    await untilRequest(operator, 'writer', { phase: 'Consumed' });
  });

  it('is asked for anew when more would be lost than was approved', async () => {
    const first = await start();
    await org(first);
    await agent(first, 'lead');
    await remove(first, WORKSPACES, 'lead');
    const request = await untilRequest(first, 'lead', { phase: 'Pending' });
    operators.splice(operators.indexOf(first), 1);
    await first.stop();
    await administer(async (client) => {
      const write = { fieldManager: 'test', signal: new AbortController().signal };
      const { namespace } = first;
      const metadata = { name: 'helper', namespace };
      const child = { apiVersion: API_VERSION, kind: 'Workspace', metadata, spec: { parentRef: { name: 'lead' } } };
      await client.create(WORKSPACES, child, write);
      const decision = { verdict: 'Approved', hash: request.spec.hash, by: 'admin' };
      await client.patch(APPROVAL_REQUESTS, { namespace, name: request.metadata.name }, { spec: { decision } }, write);
    });
    const next = await start(first.namespace);
    await untilRequest(next, 'lead', { phase: 'Superseded' });
    const second = await untilRequest(next, 'lead', { phase: 'Pending', unless: [request.metadata.name] });
    expect(second.spec.record?.losses).toHaveLength(2);
  });

  it('is used up once, by one operation, where two operators act', async () => {
    const operator = await start();
    await start(operator.namespace);
    await org(operator);
    const workspace = await agent(operator, 'writer');
    await remove(operator, WORKSPACES, 'writer');
    await decide(operator, await untilRequest(operator, 'writer', { phase: 'Pending' }));
    await untilRequest(operator, 'writer', { phase: 'Consumed' });
    await untilGone(operator, WORKSPACES, workspace);
    expect(await requestsOf(operator, 'writer')).toHaveLength(1);
    const consumptions = ledger.audit.filter(
      ({ event, subjectUID }) => event === 'APPROVAL_CONSUMED' && subjectUID === workspace.metadata.uid,
    );
    expect(consumptions).toHaveLength(1);
  });

  it('goes on over a broken glass while the ledger is dead, and is in the audit chain once it answers', async () => {
    const operator = await start();
    const asker = await openAsker(operator.namespace, 'molecule-break-glass');
    operators.push({ stop: async () => asker.close() });
    await org(operator);
    const workspace = await agent(operator, 'writer');
    ledger.isMute = true;
    clearance.set(DEAD);
    await remove(operator, WORKSPACES, 'writer');
    await asker.ask(workspace, 'ask-glass', { breakGlass: true });
    await decide(operator, await untilRequest(operator, 'writer', { phase: 'Pending' }));
    const consumed = await untilRequest(operator, 'writer', { phase: 'Consumed' });
    expect(consumed.status?.operationID).toBe('break-glass');
    await untilGone(operator, WORKSPACES, workspace);
    ledger.isMute = false;
    clearance.set(CLEAR);
    const told = await waitFor(
      async () => {
        const [request] = await requestsOf(operator, 'writer');
        return request?.status?.operationID !== 'break-glass' && request;
      },
      { what: 'the operation to be in the ledger', timeoutMs: 20_000 },
    );
    const operation = ledger.operations.find(({ id }) => id === told.status?.operationID);
    expect(operation).toMatchObject({ detail: { breakGlass: true, request: 'ask-glass' }, result: {} });
  });

  it('does not break the glass while the ledger answers', async () => {
    const operator = await start();
    const asker = await openAsker(operator.namespace, 'molecule-break-glass');
    operators.push({ stop: async () => asker.close() });
    await org(operator);
    const workspace = await agent(operator, 'writer');
    await asker.ask(workspace, 'ask-glass', { breakGlass: true });
    await untilRequest(operator, 'writer', { phase: 'Withdrawn' });
  });
});
