import { beforeAll, describe, expect, it } from 'vitest';
import { createNamespace, mustKubectl } from '../../support/control-plane.ts';
import { APPROVAL_SPEC, OTHER_UUID, SHA256, tryToCreate, tryToPatch, UUID } from './requests.ts';

const CHANGED =
  'Cannot change an ApprovalRequest: what was asked stays as it was asked, only spec.decision may be added; decide this request, and ask again for something else.';
const FINAL =
  'Cannot change spec.decision: a decision is final; to decide otherwise, let the operation be asked for again.';
const OTHER_HASH =
  'Cannot take this decision: its hash is not that of the request, so something else was looked at; read the request again and repeat its spec.hash in spec.decision.hash.';
const DECIDED_AT_CREATION =
  'Cannot create an ApprovalRequest that is decided already: leave spec.decision out and decide it afterwards.';
const approved = { verdict: 'Approved', hash: SHA256, by: 'john' };

let namespace: string;

async function create(name: string, spec: object): Promise<void> {
  const input = JSON.stringify({
    apiVersion: 'moleculesai.app/v1alpha1',
    kind: 'ApprovalRequest',
    metadata: { name },
    spec,
  });
  await mustKubectl(['create', '-f', '-'], { namespace, input });
}

beforeAll(async () => {
  namespace = await createNamespace('apr');
  const { reason: _reason, expiresAt: _expiresAt, ...withoutOptional } = APPROVAL_SPEC;
  await create('open', APPROVAL_SPEC);
  await create('short', withoutOptional);
  await create('decided', APPROVAL_SPEC);
  const decide = JSON.stringify({ spec: { decision: approved } });
  await mustKubectl(['patch', 'apr/decided', '--type=merge', '--patch', decide], { namespace });
});

describe('an ApprovalRequest', () => {
  it.each([
    ['is asked', {}, 'accepted'],
    ['is not decided at its creation', { decision: approved }, DECIDED_AT_CREATION],
    ['asks for an action that is known', { action: 'drop_table' }, 'spec.action: Unsupported value: "drop_table"'],
    ['has a hash of its record', { hash: 'x'.repeat(64) }, 'spec.hash: Invalid value'],
    ['names who asked', { requestedBy: '' }, 'spec.requestedBy: Invalid value'],
  ])('%s', async (_sentence, change, expected) => {
    const spec = { ...APPROVAL_SPEC, ...change };
    expect(await tryToCreate({ kind: 'ApprovalRequest', name: 'apr-1', spec }, { namespace })).toContain(expected);
  });

  it.each([
    ['its action', { action: 'delete_org' }],
    ['its target', { target: { uid: OTHER_UUID } }],
    ['its record', { record: { nonce: 'fedcba9876543210' } }],
    ['what would be lost', { record: { losses: [{ workspaceID: UUID }] } }],
    ['its hash', { hash: 'cd'.repeat(32) }],
    ['who asked', { requestedBy: 'john' }],
    ['its reason', { reason: 'none' }],
    ['its reason to none', { reason: null }],
    ['its expiry', { expiresAt: '2027-12-01T00:00:00Z' }],
    ['its expiry to none', { expiresAt: null }],
  ])('never changes %s', async (_sentence, spec) => {
    expect(await tryToPatch('apr/open', { spec }, { namespace })).toContain(CHANGED);
  });

  it.each([
    ['a reason', { reason: 'none' }],
    ['an expiry', { expiresAt: '2027-12-01T00:00:00Z' }],
  ])('never gets %s later', async (_sentence, spec) => {
    expect(await tryToPatch('apr/short', { spec }, { namespace })).toContain(CHANGED);
  });

  it('stays unchanged over the whole loss of a large Org', async () => {
    const losses = Array.from({ length: 5000 }, (_, index) => ({
      workspaceID: `${index.toString(16).padStart(8, '0')}${UUID.slice(8)}`,
      claimUID: OTHER_UUID,
      volumeName: `pvc-${OTHER_UUID}`,
      reclaimPolicy: 'Delete',
    }));
    await create('large', { ...APPROVAL_SPEC, record: { ...APPROVAL_SPEC.record, losses } });
    expect(await tryToPatch('apr/large', { spec: { decision: approved } }, { namespace })).toBe('accepted');
    expect(await tryToPatch('apr/large', { spec: { record: { losses: [] } } }, { namespace })).toContain(CHANGED);
  });
});

describe('a decision', () => {
  it.each([
    ['may approve', 'open', approved, 'accepted'],
    ['may deny, with a reason', 'open', { ...approved, verdict: 'Denied', reason: 'still needed' }, 'accepted'],
    [
      'approves or denies',
      'open',
      { ...approved, verdict: 'Maybe' },
      'Unsupported value: "Maybe": supported values: "Approved", "Denied"',
    ],
    ['says who decided', 'open', { ...approved, by: null }, 'spec.decision.by: Required value'],
    ['is about what was looked at', 'open', { ...approved, hash: 'cd'.repeat(32) }, OTHER_HASH],
    ['may be repeated as it is', 'decided', approved, 'accepted'],
    ['is final', 'decided', { verdict: 'Denied' }, FINAL],
    ['cannot be taken back', 'decided', null, FINAL],
    ['cannot be explained afterwards', 'decided', { reason: 'because' }, FINAL],
  ])('%s', async (_sentence, name, decision, expected) => {
    expect(await tryToPatch(`apr/${name}`, { spec: { decision } }, { namespace })).toContain(expected);
  });
});
