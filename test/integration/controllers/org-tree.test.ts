import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { PLATFORM_AGENT_NAME } from '../../../src/apis/v1alpha1/names.ts';
import { ORGS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import { mustKubectl } from '../../support/control-plane.ts';
import { decide, untilRequest } from './approvals.ts';
import { startOperator, type TestOperator } from './operator.ts';

const TIMEOUT_MS = 20_000;
let operator: TestOperator;

beforeAll(async () => {
  operator = await startOperator();
  await operator.create(ORGS, { spec: { defaults: { image: 'example.invalid/agent:1' } } }, 'org');
  await operator.podOf(PLATFORM_AGENT_NAME);
});
afterAll(() => operator.stop());

/** A tree whose names begin with that of the test: lead > member > helper, each with its Pod. */
async function plant(prefix: string): Promise<{ lead: string; member: string; helper: string }> {
  const names = { lead: `${prefix}-lead`, member: `${prefix}-member`, helper: `${prefix}-helper` };
  await operator.create(WORKSPACES, {}, names.lead);
  await operator.create(WORKSPACES, { spec: { parentRef: { name: names.lead } } }, names.member);
  await operator.create(WORKSPACES, { spec: { parentRef: { name: names.member }, suspend: false } }, names.helper);
  for (const name of Object.values(names)) await operator.podOf(name);
  return names;
}

const suspend = (name: string, isSuspended: boolean): Promise<Workspace> =>
  operator.patch<Workspace>(WORKSPACES, name, { spec: { suspend: isSuspended } });
const untilStopped = (name: string): Promise<true> =>
  waitFor(async () => (await operator.podsOf(name)).length === 0, { what: `no Pod of ${name}`, timeoutMs: TIMEOUT_MS });
const status = async (name: string): Promise<Workspace['status']> =>
  (await operator.get<Workspace>(WORKSPACES, name)).status;

describe('suspending a Workspace', () => {
  it('stops those below it, and resuming brings back all but those that were suspended themselves', async () => {
    const { lead, member, helper } = await plant('suspend');
    await suspend(lead, true);
    for (const name of [lead, member, helper]) await untilStopped(name);
    const { condition } = await operator.until(helper, { type: 'AgentReady', reason: 'AncestorSuspended' });
    expect(condition.message).toContain(`Workspace "${lead}" above it; resume that one first`);
    expect((await status(helper))?.phase).toBe('Paused');

    await suspend(member, true);
    await suspend(lead, false);
    await operator.podOf(lead);
    const { condition: next } = await operator.until(helper, { type: 'AgentReady', reason: 'AncestorSuspended' });
    await waitFor(async () => (await status(helper))?.conditions?.some(({ message }) => message.includes(member)), {
      what: `the helper to name ${member}`,
      timeoutMs: TIMEOUT_MS,
    });
    expect(next.status).toBe('False');
    expect([await operator.podsOf(member), await operator.podsOf(helper)]).toEqual([[], []]);

    await suspend(member, false);
    await operator.podOf(member);
    await operator.podOf(helper);
  });

  it('stops the whole Org when it is the platform agent', async () => {
    const { lead, helper } = await plant('whole');
    await suspend(PLATFORM_AGENT_NAME, true);
    for (const name of [PLATFORM_AGENT_NAME, lead, helper]) await untilStopped(name);
    await suspend(PLATFORM_AGENT_NAME, false);
    for (const name of [PLATFORM_AGENT_NAME, lead, helper]) await operator.podOf(name);
  });
});

describe('giving a Workspace another parent', () => {
  it('moves everything below it and restarts nobody', async () => {
    const { lead, member, helper } = await plant('move');
    const pods = await Promise.all([member, helper].map(async (name) => (await operator.podOf(name)).metadata.uid));
    const isPlaced = (name: string, parent: string, depth: number): Promise<true> =>
      waitFor(
        async () => {
          const seen = await status(name);
          return seen?.parent === parent && seen.depth === depth && seen.root === PLATFORM_AGENT_NAME;
        },
        { what: `${name} below ${parent} at ${depth}`, timeoutMs: TIMEOUT_MS },
      );
    await isPlaced(helper, member, 3);
    await operator.patch(WORKSPACES, member, { spec: { parentRef: null } });
    await isPlaced(member, PLATFORM_AGENT_NAME, 1);
    await isPlaced(helper, member, 2);
    await operator.patch(WORKSPACES, lead, { spec: { parentRef: { name: helper } } });
    await isPlaced(lead, helper, 3);
    const after = await Promise.all([member, helper].map(async (name) => (await operator.podOf(name)).metadata.uid));
    expect(after).toEqual(pods);
  });
});

describe('deleting a Workspace with others below it', () => {
  it('lets everybody run while it waits, and spares those who were given another parent by then', async () => {
    const { lead, member, helper } = await plant('wait');
    const before = await operator.podOf(lead);
    await mustKubectl(['delete', 'workspace', lead, '--wait=false'], { namespace: operator.namespace });
    const all = await untilRequest(operator, lead, { phase: 'Pending' });
    expect(all.spec.record?.losses.map(({ name }) => name).toSorted()).toEqual([lead, member, helper].toSorted());
    await operator.until(lead, { type: 'ApprovalPending', status: 'True', reason: 'AwaitingApproval' });
    await operator.create(WORKSPACES, { spec: { parentRef: { name: helper } } }, 'wait-new');
    await operator.podOf('wait-new');
    expect((await operator.podOf(lead)).metadata.uid).toBe(before.metadata.uid);

    await operator.patch(WORKSPACES, member, { spec: { parentRef: null } });
    await decide(operator, all);
    const alone = await untilRequest(operator, lead, { phase: 'Pending', unless: [all.metadata.name] });
    expect(alone.spec.record?.losses.map(({ name }) => name)).toEqual([lead]);
    await decide(operator, alone);
    const isGone = async (): Promise<boolean> => {
      try {
        await operator.get(WORKSPACES, lead);
        return false;
      } catch (error) {
        if (isNotFound(error)) return true;
        throw error;
      }
    };
    await waitFor(isGone, { what: `the end of ${lead}`, timeoutMs: TIMEOUT_MS });
    for (const name of [member, helper, 'wait-new']) await operator.podOf(name);
  });
});

describe('the counters of an Org', () => {
  let changes = 0;
  beforeEach(() => {
    changes = 0;
    operator.stores.orgs.onChange(() => {
      changes += 1;
    });
  });

  it('are exact, and cost no more than a write a second, however many agents come at once', async () => {
    const startedMs = performance.now();
    const names = Array.from({ length: 20 }, (_, index) => `counted-${index}`);
    await Promise.all(names.map((name) => operator.create(WORKSPACES, {}, name)));
    for (const name of names) await operator.runAgent(await operator.podOf(name));
    const { namespace, client } = operator;
    const { signal } = new AbortController();
    const total = (await client.list(WORKSPACES, { namespace, signal })).items.length;
    const areExact = async (): Promise<boolean> => {
      const counts = (await operator.get<Org>(ORGS, 'org')).status?.workspaces;
      return counts?.total === total && counts.billable === total - 1 && counts.ready === names.length;
    };
    await waitFor(areExact, { what: 'the counts', timeoutMs: TIMEOUT_MS });
    expect(changes).toBeLessThanOrEqual((performance.now() - startedMs) / 1_000 + 2);
  });
});
