import { beforeAll, describe, expect, it } from 'vitest';
import { createNamespace, kubectl, mustKubectl } from '../../support/control-plane.ts';
import {
  APPROVAL_SPEC,
  bindRoles,
  create,
  DRAFT_SPEC,
  OPERATOR,
  OTHER_UUID,
  SHA256,
  tryToCreate,
  tryToPatch,
  UUID,
} from './requests.ts';

const CHANGED =
  'Cannot change an ApprovalRequest: what was asked stays as it was asked, only spec.decision may be added; decide this request, and ask again for something else.';
const RECORDED =
  'Cannot change an ApprovalRequest: what would be lost stays as it was recorded; decide this request, and ask again for something else.';
const TOGETHER = 'Cannot take this record: spec.record and spec.hash come together, from the operator; leave both out.';
const FINAL =
  'Cannot change spec.decision: a decision is final; to decide otherwise, let the operation be asked for again.';
const OTHER_HASH =
  'Cannot take this decision: its hash is not that of the request, so something else was looked at; read the request again and repeat its spec.hash in spec.decision.hash.';
const DECIDED_AT_CREATION =
  'Cannot create an ApprovalRequest that is decided already: leave spec.decision out and decide it afterwards.';
const approved = { verdict: 'Approved', hash: SHA256, by: 'john' };

let namespace: string;

async function createRequest(name: string, spec: object): Promise<void> {
  await create({ kind: 'ApprovalRequest', name, spec }, { namespace, ...OPERATOR });
}

// The operator is asked to: what it may not do either is a rule of the kind. It decides nothing, so people do.
beforeAll(async () => {
  namespace = await createNamespace('apr');
  await bindRoles('john', ['molecule-approver'], namespace);
  await createRequest('open', APPROVAL_SPEC);
  await createRequest('draft', { ...DRAFT_SPEC, requestedBy: 'jane' });
  await createRequest('unexplained', { ...DRAFT_SPEC, requestedBy: 'jane', reason: undefined });
  await createRequest('unlimited', { ...APPROVAL_SPEC, expiresAt: undefined });
  await createRequest('decided', APPROVAL_SPEC);
  const decide = { spec: { decision: approved } };
  expect(await tryToPatch('apr/decided', decide, { namespace, as: 'john', isReal: true })).toBe('accepted');
});

describe('an ApprovalRequest', () => {
  it.each([
    ['is asked', {}, 'accepted'],
    ['is not decided at its creation', { decision: approved }, DECIDED_AT_CREATION],
    ['asks for an action that is known', { action: 'drop_table' }, 'spec.action: Unsupported value: "drop_table"'],
    ['has a hash of its record', { hash: 'x'.repeat(64) }, 'spec.hash: Invalid value'],
    ['names who asked', { requestedBy: '' }, 'spec.requestedBy: Invalid value'],
    // As a text that no database takes, which would make the ledger look dead.
    [
      'names an object by its uid',
      { target: { ...DRAFT_SPEC.target, uid: '\0'.repeat(36) } },
      'spec.target.uid: Invalid value',
    ],
  ])('%s', async (_sentence, change, expected) => {
    const spec = { ...APPROVAL_SPEC, ...change };
    expect(await tryToCreate({ kind: 'ApprovalRequest', name: 'apr-1', spec }, { namespace, ...OPERATOR })).toContain(
      expected,
    );
  });

  it.each([
    ['its action', { action: 'delete_org' }, CHANGED],
    ['its target', { target: { uid: OTHER_UUID } }, CHANGED],
    ['who asked', { requestedBy: 'john' }, CHANGED],
    ['its reason', { reason: 'none' }, CHANGED],
    ['its reason to none', { reason: null }, CHANGED],
    ['whether the glass is broken', { breakGlass: true }, CHANGED],
    ['its record', { record: { nonce: 'fedcba9876543210' } }, RECORDED],
    ['what would be lost', { record: { losses: [] } }, RECORDED],
    ['its record to none', { record: null, hash: null }, RECORDED],
    ['its hash', { hash: 'cd'.repeat(32) }, RECORDED],
    ['its expiry', { expiresAt: '2027-12-01T00:00:00Z' }, RECORDED],
    ['its expiry to none', { expiresAt: null }, RECORDED],
  ])('never changes %s, not even by the operator', async (_sentence, spec, expected) => {
    expect(await tryToPatch('apr/open', { spec }, { namespace, ...OPERATOR })).toContain(expected);
  });

  it.each([
    ['a reason', 'unexplained', { reason: 'none' }, CHANGED],
    ['an expiry once it is recorded', 'unlimited', { expiresAt: '2027-12-01T00:00:00Z' }, RECORDED],
    ['a record without its hash', 'draft', { record: APPROVAL_SPEC.record }, TOGETHER],
    ['a hash without its record', 'draft', { hash: SHA256 }, TOGETHER],
  ])('never gets %s', async (_sentence, name, spec, expected) => {
    expect(await tryToPatch(`apr/${name}`, { spec }, { namespace, ...OPERATOR })).toContain(expected);
  });

  it('gets record, hash and expiry later, all at once', async () => {
    const { record, hash, expiresAt } = APPROVAL_SPEC;
    const spec = { record, hash, expiresAt };
    expect(await tryToPatch('apr/draft', { spec }, { namespace, ...OPERATOR })).toBe('accepted');
  });

  it('stays unchanged over the whole loss of a large Org', async () => {
    const losses = Array.from({ length: 2000 }, (_, index) => ({
      workspaceID: `${index.toString(16).padStart(8, '0')}${UUID.slice(8)}`,
      name: `workspace-${index}`,
      uid: UUID,
      claimName: `workspace-${index}-0`,
      claimUID: OTHER_UUID,
      volumeName: `pvc-${OTHER_UUID}`,
      reclaimPolicy: 'Delete',
    }));
    const affected = losses.map(({ name }) => `other-${name}`);
    await createRequest('large', { ...APPROVAL_SPEC, record: { ...APPROVAL_SPEC.record, losses, affected } });
    const decide = { spec: { decision: approved } };
    expect(await tryToPatch('apr/large', decide, { namespace, as: 'john' })).toBe('accepted');
    const change = JSON.stringify([{ op: 'replace', path: '/spec/record/losses/1999/uid', value: OTHER_UUID }]);
    const answer = await kubectl(['patch', 'apr/large', '--type=json', '-p', change], { namespace, ...OPERATOR });
    expect(answer.stderr).toContain(RECORDED);
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
    ['is about what was looked at', 'open', { ...approved, hash: 'cd'.repeat(32) }, OTHER_HASH],
    ['may be repeated as it is', 'decided', approved, 'accepted'],
    ['needs a record to be about', 'draft', approved, OTHER_HASH],
    ['is final', 'decided', { verdict: 'Denied' }, FINAL],
    ['cannot be taken back', 'decided', null, FINAL],
    ['cannot be explained afterwards', 'decided', { reason: 'because' }, FINAL],
  ])('%s', async (_sentence, name, decision, expected) => {
    expect(await tryToPatch(`apr/${name}`, { spec: { decision } }, { namespace, as: 'john' })).toContain(expected);
  });

  it('is final even where it would be taken off first', async () => {
    const options = { namespace, as: 'john', isReal: true };
    expect(await tryToPatch('apr/decided', { spec: { decision: null } }, options)).toContain(FINAL);
    expect(await tryToPatch('apr/decided', { spec: { decision: { verdict: 'Denied' } } }, options)).toContain(FINAL);
    const path = 'jsonpath={.spec.decision.verdict}';
    expect(await mustKubectl(['get', 'apr/decided', '-o', path], { namespace })).toBe('Approved');
  });
});
