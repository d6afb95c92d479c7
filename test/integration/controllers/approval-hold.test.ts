import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ORGS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { hashRecord } from '../../../src/rules/approval/record.ts';
import { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';
import { mustKubectl } from '../../support/control-plane.ts';
import { decide, remove, requestsOf, untilGone, untilRequest } from './approvals.ts';
import { startOperator, type TestOperator } from './operator.ts';

const DEFAULTS = { image: 'example.invalid/agent:1', runtime: 'hermes' };

describe('a deletion that is held', () => {
  let operator: TestOperator;
  let skewMs = 0;

  beforeAll(async () => {
    operator = await startOperator({ ledger: new MemoryLedger({ now: () => new Date(Date.now() + skewMs) }) });
    await operator.create(ORGS, { spec: { defaults: DEFAULTS } }, 'org');
  });
  afterAll(() => operator.stop());

  it('waits with a request that says what would be lost, and goes on once that is approved', async () => {
    await operator.create(WORKSPACES, {}, 'writer');
    await operator.podOf('writer');
    const workspace = await operator.get<Workspace>(WORKSPACES, 'writer');
    await remove(operator, WORKSPACES, 'writer');
    const request = await untilRequest(operator, 'writer', { phase: 'Pending' });
    expect(request.spec.record?.losses).toMatchObject([{ name: 'writer', uid: workspace.metadata.uid }]);
    expect(request.spec.record?.losses[0]?.claimUID).toBeDefined();
    expect(request.spec.record === undefined ? '' : hashRecord(request.spec.record)).toBe(request.spec.hash);
    expect(request.status?.summary).toContain('Delete "Workspace" "writer"');
    expect(request.status?.plan).toMatchObject({ totalWorkspaces: 1, totalVolumes: 1 });
    await decide(operator, request);
    const consumed = await untilRequest(operator, 'writer', { phase: 'Consumed' });
    const operation = operator.ledger.operations.find(({ id }) => id === consumed.status?.operationID);
    expect(operation?.members.map(({ uid }) => uid)).toEqual([workspace.metadata.uid]);
    await untilGone(operator, WORKSPACES, workspace);
    expect(await requestsOf(operator, 'writer')).toHaveLength(1);
  });

  it('is asked for anew when a Workspace comes below it, and nobody is taken along unasked', async () => {
    await operator.create(WORKSPACES, {}, 'lead');
    await operator.podOf('lead');
    await remove(operator, WORKSPACES, 'lead');
    const first = await untilRequest(operator, 'lead', { phase: 'Pending' });
    await operator.create(WORKSPACES, { spec: { parentRef: { name: 'lead' } } }, 'helper');
    await untilRequest(operator, 'lead', { phase: 'Superseded' });
    const second = await untilRequest(operator, 'lead', { phase: 'Pending', unless: [first.metadata.name] });
    expect(second.spec.record?.losses.map(({ name }) => name).toSorted()).toEqual(['helper', 'lead']);
    expect((await operator.get<Workspace>(WORKSPACES, 'helper')).metadata.deletionTimestamp).toBeUndefined();
  });

  it('takes those below along under the approval of the one above, and asks about them no more', async () => {
    await operator.create(WORKSPACES, {}, 'chief');
    await operator.create(WORKSPACES, { spec: { parentRef: { name: 'chief' } } }, 'clerk');
    await Promise.all([operator.podOf('chief'), operator.podOf('clerk')]);
    const [chief, clerk] = await Promise.all([
      operator.get<Workspace>(WORKSPACES, 'chief'),
      operator.get<Workspace>(WORKSPACES, 'clerk'),
    ]);
    await remove(operator, WORKSPACES, 'clerk');
    await untilRequest(operator, 'clerk', { phase: 'Pending' });
    await remove(operator, WORKSPACES, 'chief');
    await decide(operator, await untilRequest(operator, 'chief', { phase: 'Pending' }));
    await untilRequest(operator, 'clerk', { phase: 'Withdrawn' });
    await Promise.all([untilGone(operator, WORKSPACES, chief), untilGone(operator, WORKSPACES, clerk)]);
  });

  it('is not carried out on an approval that came too late by the clock of the ledger, and is asked for anew', async () => {
    await operator.create(WORKSPACES, {}, 'late');
    await operator.podOf('late');
    await remove(operator, WORKSPACES, 'late');
    const first = await untilRequest(operator, 'late', { phase: 'Pending' });
    skewMs += 8 * 24 * 3_600_000;
    await decide(operator, first);
    await untilRequest(operator, 'late', { phase: 'Expired' });
    await untilRequest(operator, 'late', { phase: 'Pending', unless: [first.metadata.name] });
    expect((await operator.get<Workspace>(WORKSPACES, 'late')).metadata.deletionTimestamp).toBeDefined();
  });

  it('is not carried out when who approved it has asked for it too, and somebody else is asked', async () => {
    await operator.create(WORKSPACES, {}, 'own');
    await operator.podOf('own');
    const { metadata } = await operator.get<Workspace>(WORKSPACES, 'own');
    await remove(operator, WORKSPACES, 'own');
    const first = await untilRequest(operator, 'own', { phase: 'Pending' });
    const me = (await mustKubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'])).trim();
    await operator.ledger.addAsker(metadata.uid ?? '', me);
    await decide(operator, first);
    const refused = await untilRequest(operator, 'own', { phase: 'Withdrawn' });
    expect(refused.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toMatch(
      /asked for the deletion too/,
    );
    const second = await untilRequest(operator, 'own', { phase: 'Pending', unless: [first.metadata.name] });
    expect(second.spec.record?.askers).toEqual([me]);
  });

  it('is told once in each phase, as an Event about the request', async () => {
    const [request] = await requestsOf(operator, 'writer');
    const reasons = await waitFor(
      async () => {
        const events = await eventsOf(operator, request);
        return events.length >= 3 && events;
      },
      { what: 'three Events about the request', timeoutMs: 20_000 },
    );
    expect(reasons).toEqual(['APPROVAL_APPROVED', 'APPROVAL_CONSUMED', 'APPROVAL_REQUESTED']);
  });
});

async function eventsOf({ namespace }: TestOperator, request: ApprovalRequest | undefined): Promise<readonly string[]> {
  const path = '{range .items[*]}{.reason} {.series.count}{"\\n"}{end}';
  const of = `regarding.name=${request?.metadata.name ?? ''}`;
  const text = await mustKubectl([
    'get',
    'events.v1.events.k8s.io',
    '-n',
    namespace,
    '--field-selector',
    of,
    '-o',
    `jsonpath=${path}`,
  ]);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .toSorted();
}
