import { describe, expect, it } from 'vitest';
import { decided, draft, NAME, request } from '../approvals/requests.ts';
import { runOn } from '../fake-cluster.ts';
import { condition } from '../objects.ts';
import { CHILDREN, READY, statusOf, world } from './status-world.ts';

const uid = '00000000-0000-4000-8000-000000000001';
const held = condition('ApprovalPending', 'True', {
  reason: 'AwaitingApproval',
  message: `The deletion waits for a human to decide ApprovalRequest "${NAME}"`,
});
const deletionTimestamp = '2026-11-21T07:04:00Z';
const DELETING = world(
  { metadata: { uid, deletionTimestamp }, status: { observedGeneration: 1, conditions: [...READY, held] } },
  [...CHILDREN, request()],
);
const ASKED = world({ metadata: { uid }, status: { observedGeneration: 1, conditions: READY } }, [
  ...CHILDREN,
  request(),
  decided('Denied', 'Denied', { name: 'apr-over' }),
]);

describe('kubectl molecule status of an object whose deletion waits', () => {
  it('says what it waits for and leads to the request, although the agent is ready', async () => {
    expect(await statusOf('writer', { objects: DELETING })).toMatchObject({
      state: 'Deleting',
      reason: 'AwaitingApproval',
      approvals: [{ name: NAME, phase: 'Pending', requestedBy: 'jane@example.com', expiresAt: '2026-11-28T10:00:00Z' }],
      next: { command: `kubectl molecule approvals show ${NAME} -n acme` },
    });
  });

  it('tells who asked, in a line of its own', async () => {
    const { stdout } = await runOn(['status', 'writer'], { objects: DELETING });
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'Workspace acme/writer: Deleting',
      `ApprovalRequest ${NAME}: Pending, asked for by "jane@example.com", time left: 7d2h`,
    ]);
  });

  it('leads to the request also before anybody has deleted, and forgets those that came to their end', async () => {
    const status = await statusOf('writer', { objects: ASKED });
    expect(status).toMatchObject({ state: 'Ready', approvals: [{ name: NAME }] });
    expect(status.approvals).toHaveLength(1);
    expect(status.next).toEqual({ command: `kubectl molecule approvals show ${NAME} -n acme` });
  });

  it('asks nobody to decide what the operator has not completed', async () => {
    const objects = world({ metadata: { uid }, status: { observedGeneration: 1, conditions: READY } }, [
      ...CHILDREN,
      draft(),
    ]);
    expect(await statusOf('writer', { objects })).toMatchObject({ approvals: [{ phase: 'New' }], next: null });
  });

  it('says that a deletion is let in', async () => {
    const deletionGrant = { request: NAME, hash: 'a' };
    const objects = world({ metadata: { uid }, status: { observedGeneration: 1, conditions: READY, deletionGrant } }, [
      ...CHILDREN,
      decided('Approved', 'Approved'),
    ]);
    expect(await statusOf('writer', { objects })).toMatchObject({ deletionGrant: NAME });
    expect((await runOn(['status', 'writer'], { objects })).stdout).toContain(
      `ApprovalRequest ${NAME} lets a deletion in`,
    );
  });

  it('says when requests may not be read', async () => {
    const options = { objects: DELETING, forbidden: ['ApprovalRequest'] };
    expect((await statusOf('writer', options)).approvals).toBeNull();
    expect((await runOn(['status', 'writer'], options)).stdout).toContain(
      'Approvals: cannot be read; ask for the right to list approvalrequests\n',
    );
  });
});

describe('kubectl molecule tree', () => {
  it('shows what holds the deletion of an agent that runs on', async () => {
    const { stdout } = await runOn(['tree'], { objects: DELETING });
    expect(stdout).toMatch(/writer +Deleting .* AwaitingApproval: The deletion waits for a human/);
  });

  it('shows that somebody asks for the deletion of an agent', async () => {
    const { stdout } = await runOn(['tree'], { objects: ASKED });
    expect(stdout).toMatch(new RegExp(`writer +Ready .* ApprovalRequest "${NAME}" is open`));
  });

  it('is shown also to those who may not read requests', async () => {
    const { code, stdout } = await runOn(['tree'], { objects: ASKED, forbidden: ['ApprovalRequest'] });
    expect(code).toBe(0);
    expect(stdout).toMatch(/writer +Ready/);
  });
});
