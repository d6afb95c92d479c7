import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import type { ApprovalRequest } from '../../../src/apis/v1alpha1/types.generated.ts';
import { createNamespace, kubectl, mustKubectl } from '../../support/control-plane.ts';
import { forger } from './forger.ts';
import {
  APPROVAL_SPEC,
  bindRoles,
  create,
  DRAFT_SPEC,
  OPERATOR,
  SHA256,
  tryToCreate,
  tryToDelete,
  tryToPatch,
} from './requests.ts';

const RESERVED =
  "Cannot create an ApprovalRequest of this name: names that begin with apr- are the operator's; choose another.";
const OPERATORS_OWN =
  'Cannot write spec.record, spec.hash or spec.expiresAt: the operator finds out what would be lost and until when it can be decided; leave them out and see the request shortly after.';
const GLASS_ASKED =
  'Cannot break the glass: asking for an operation without the ledger takes the verb break-glass on approvalrequests.moleculesai.app, which you do not have; leave spec.breakGlass out, or ask somebody with the role molecule-break-glass.';
const NO_HUMAN =
  "Cannot decide: a decision is a human's, and this user name begins with system:, as those of programs do; let a person with the role molecule-approver decide.";
const NO_APPROVER =
  'Cannot decide: that takes the verb approve on approvalrequests.moleculesai.app, which you do not have; ask somebody with the role molecule-approver.';
const OWN =
  'Cannot decide what you asked for yourself: it takes a second person; ask somebody else with the role molecule-approver.';
const UNATTRIBUTED =
  'Cannot decide: nobody knows who asked, so it might have been you, and deciding takes the verb approve-unattributed on approvalrequests.moleculesai.app, which you do not have; ask somebody with the role molecule-approver-unattributed.';
const GLASS_DECIDED =
  'Cannot decide: this operation goes on without the ledger, and deciding takes the verb break-glass on approvalrequests.moleculesai.app, which you do not have; ask somebody with the role molecule-break-glass.';
const KEPT = 'Cannot delete an ApprovalRequest: it is the record of what was asked and decided';

const NAMESPACE_CONTROLLER = {
  as: 'system:serviceaccount:kube-system:namespace-controller',
  groups: ['system:masters'],
};
const GARBAGE_COLLECTOR = {
  as: 'system:serviceaccount:kube-system:generic-garbage-collector',
  groups: ['system:masters'],
};
/** Whose controllers have no accounts of their own. */
const CONTROLLER_MANAGER = 'system:kube-controller-manager';
const approved = { verdict: 'Approved', hash: SHA256 };
const recorded = { ...APPROVAL_SPEC.record, askers: ['erin'] };

/** Who there is, and what they may do. */
const PEOPLE = {
  jane: ['molecule-editor', 'molecule-viewer', 'molecule-approver'],
  john: ['molecule-approver'],
  erin: ['molecule-approver'],
  nora: ['molecule-approver', 'molecule-approver-unattributed'],
  vera: ['molecule-viewer'],
  ada: ['molecule-break-glass'],
  bea: ['molecule-approver', 'molecule-break-glass'],
} as const;

/** Requests that are there, by what is special about them. */
const REQUESTS = {
  'asked-by-jane': {},
  'asked-by-a-robot': { requestedBy: 'system:serviceaccount:ci:robot', record: { ...recorded, askers: [] } },
  'asked-by-gc': { requestedBy: GARBAGE_COLLECTOR.as, record: { ...recorded, askers: [GARBAGE_COLLECTOR.as] } },
  'asked-by-controllers': { requestedBy: 'unattributed', record: { ...recorded, askers: [CONTROLLER_MANAGER] } },
  'asked-by-gc-and-jane': { requestedBy: 'jane', record: { ...recorded, askers: [GARBAGE_COLLECTOR.as, 'jane'] } },
  'without-ledger': { requestedBy: 'ada', breakGlass: true, record: { ...recorded, askers: ['ada'] } },
  drafted: { record: undefined, hash: undefined, expiresAt: undefined },
} as const;

let namespace: string;
let agent: string;

beforeAll(async () => {
  namespace = await createNamespace('approval-policies');
  agent = `system:serviceaccount:${namespace}:molecule-agent`;
  for (const [user, roles] of Object.entries(PEOPLE)) await bindRoles(user, roles, namespace);
  await bindRoles(agent, ['molecule-editor', 'molecule-approver'], namespace);
  for (const [name, special] of Object.entries(REQUESTS)) {
    const spec = { ...APPROVAL_SPEC, record: recorded, ...special };
    await create({ kind: 'ApprovalRequest', name, spec }, { namespace, ...OPERATOR });
  }
});

describe('asking', () => {
  const ask = (change: object, user: object, metadata = {}): Promise<string> =>
    tryToCreate(
      { kind: 'ApprovalRequest', name: 'asked', spec: { ...DRAFT_SPEC, ...change }, metadata },
      { namespace, ...user },
    );

  it.each([
    ['an editor may', {}, { as: 'jane' }, 'accepted'],
    ['a viewer may not', {}, { as: 'vera' }, 'User "vera" cannot create resource "approvalrequests"'],
    ['nobody writes the record but the operator', { record: recorded, hash: SHA256 }, { as: 'jane' }, OPERATORS_OWN],
    ['nobody writes the expiry but the operator', { expiresAt: '2027-12-01T00:00:00Z' }, { as: 'jane' }, OPERATORS_OWN],
    ['an editor may not break the glass', { breakGlass: true }, { as: 'jane' }, GLASS_ASKED],
    ['who may break the glass may', { breakGlass: true }, { as: 'ada' }, 'accepted'],
    ['not to break it takes nothing', { breakGlass: false }, { as: 'jane' }, 'accepted'],
    ['the operator may, with all of it', { ...APPROVAL_SPEC, requestedBy: 'unattributed' }, OPERATOR, 'accepted'],
  ])('%s', async (_sentence, change, user, expected) => {
    expect(await ask(change, user)).toContain(expected);
  });

  it("an agent's account may", async () => {
    expect(await ask({}, { as: agent })).toBe('accepted');
  });

  it('is read as a mistake where it is one', async () => {
    const manifest = { kind: 'ApprovalRequest', name: 'asked', spec: 'delete it' };
    const refusal = await tryToCreate(manifest, { namespace, as: 'jane' });
    expect(refusal).toContain('spec: Invalid value: "string"');
    expect(refusal).not.toContain('policy');
  });

  it.each([
    ['by a name', { name: 'apr-0123456789abcdef' }],
    ['by a generated name', { name: undefined, generateName: 'apr-' }],
  ])("nobody takes the operator's names, %s", async (_sentence, metadata) => {
    expect(await ask({}, { as: 'jane' }, metadata)).toContain(RESERVED);
    expect(await ask(APPROVAL_SPEC, OPERATOR, metadata)).toBe('accepted');
  });

  it.each([
    ['nobody is named', {}],
    ['somebody else is named', { requestedBy: 'john' }],
  ])('says who asks where %s', async (_sentence, change) => {
    const spec = { ...DRAFT_SPEC, ...change };
    const name = `asked-${Object.keys(change).length}`;
    const stored = await create<ApprovalRequest>({ kind: 'ApprovalRequest', name, spec }, { namespace, as: 'jane' });
    expect(stored.spec.requestedBy).toBe('jane');
  });
});

describe('completing a request', () => {
  const { hash, expiresAt } = APPROVAL_SPEC;
  it.each([
    ['is not for an approver', { record: recorded, hash }, { as: 'john' }, OPERATORS_OWN],
    ['is not for an admin', { record: recorded, hash, expiresAt }, {}, OPERATORS_OWN],
    ['is not begun by others with an expiry', { expiresAt }, { as: 'john' }, OPERATORS_OWN],
    ['is for the operator', { record: recorded, hash, expiresAt }, OPERATOR, 'accepted'],
  ])('%s', async (_sentence, spec, user, expected) => {
    expect(await tryToPatch('apr/drafted', { spec }, { namespace, ...user })).toContain(expected);
  });
});

describe('deciding', () => {
  const decide = (name: string, user: object, decision: object = approved): Promise<string> =>
    tryToPatch(`apr/${name}`, { spec: { decision } }, { namespace, ...user });

  it.each([
    ['is for an approver', 'asked-by-jane', { as: 'john' }, 'accepted'],
    ['is not for a viewer', 'asked-by-jane', { as: 'vera' }, 'User "vera" cannot patch resource "approvalrequests"'],
    ['is not for an editor of everything without the verb', 'asked-by-jane', { as: 'eve' }, NO_APPROVER],
    ['is not for who asked', 'asked-by-jane', { as: 'jane' }, OWN],
    ['is not for who asked besides', 'asked-by-jane', { as: 'erin' }, OWN],
    ['is not for the operator', 'asked-by-jane', OPERATOR, NO_HUMAN],
    ['is not for a node', 'asked-by-jane', { as: 'system:node:a', groups: ['system:masters'] }, NO_HUMAN],
    ['is not for nobody', 'asked-by-jane', { as: 'system:anonymous', groups: ['system:masters'] }, NO_HUMAN],
    ['takes more where nobody asked', 'asked-by-a-robot', { as: 'john' }, UNATTRIBUTED],
    ['is possible with more where nobody asked', 'asked-by-a-robot', { as: 'nora' }, 'accepted'],
    ['takes more where the cluster itself asked', 'asked-by-gc', { as: 'john' }, UNATTRIBUTED],
    ['takes more where its controllers share one name', 'asked-by-controllers', { as: 'john' }, UNATTRIBUTED],
    ['is possible with more where the cluster itself asked', 'asked-by-gc', { as: 'nora' }, 'accepted'],
    ['is as ever where somebody asked besides the cluster', 'asked-by-gc-and-jane', { as: 'john' }, 'accepted'],
    ['takes more where the glass is broken', 'without-ledger', { as: 'john' }, GLASS_DECIDED],
    ['takes a second person where the glass is broken', 'without-ledger', { as: 'ada' }, 'User "ada" cannot patch'],
    ['is possible with more where the glass is broken', 'without-ledger', { as: 'bea' }, 'accepted'],
  ])('%s', async (_sentence, name, user, expected) => {
    expect(await decide(name, user)).toContain(expected);
  });

  // Bound last: everything but the verb.
  beforeAll(async () => {
    const rule = ['--verb=get,update,patch', '--resource=approvalrequests.moleculesai.app'];
    await mustKubectl(['create', 'role', 'writer', ...rule], { namespace });
    await mustKubectl(['create', 'rolebinding', 'writer', '--role=writer', '--user=eve'], { namespace });
    await bindRoles('eve', ['molecule-viewer'], namespace);
  });

  it('may be granted for one request alone', async () => {
    const rule = ['--verb=get,patch,approve', '--resource=approvalrequests.moleculesai.app'];
    await mustKubectl(['create', 'role', 'one', ...rule, '--resource-name=asked-by-jane'], { namespace });
    await mustKubectl(['create', 'rolebinding', 'one', '--role=one', '--user=otto'], { namespace });
    await waitFor(async () => (await decide('asked-by-jane', { as: 'otto' })) === 'accepted' || undefined, {
      what: 'the right to approve asked-by-jane be in force',
      timeoutMs: 20_000,
    });
    expect(await decide('asked-by-gc-and-jane', { as: 'otto' })).toContain('User "otto" cannot');
  });

  it("is not for an agent's account, whatever it may do", async () => {
    expect(await decide('asked-by-jane', { as: agent })).toContain(NO_HUMAN);
  });

  it('is not for who broke the glass, even if he may approve', async () => {
    const both = { as: 'ada', groups: ['system:masters'] };
    expect(await decide('without-ledger', both)).toContain(OWN);
  });

  it('may be a no as well as a yes', async () => {
    expect(await decide('asked-by-jane', { as: 'john' }, { ...approved, verdict: 'Denied' })).toBe('accepted');
    expect(await decide('asked-by-jane', { as: 'jane' }, { ...approved, verdict: 'Denied' })).toContain(OWN);
  });

  it('is read as a mistake where it is one', async () => {
    const refusal = await tryToPatch(
      'apr/asked-by-jane',
      { spec: { decision: 'Approved' } },
      { namespace, as: 'john' },
    );
    expect(refusal).toContain('spec.decision: Invalid value: "string"');
  });

  it.each([
    ['nobody is named', {}],
    ['somebody else is named', { by: 'jane' }],
  ])('says who decided where %s', async (sentence, change) => {
    const name = sentence.replaceAll(' ', '-');
    await create({ kind: 'ApprovalRequest', name, spec: APPROVAL_SPEC }, { namespace, ...OPERATOR });
    const options = { namespace, as: 'john', isReal: true };
    expect(await tryToPatch(`apr/${name}`, { spec: { decision: { ...approved, ...change } } }, options)).toBe(
      'accepted',
    );
    expect(await mustKubectl(['get', 'apr', name, '-o', 'jsonpath={.spec.decision.by}'], { namespace })).toBe('john');
  });
});

describe('deleting a request', () => {
  const PHASES = [
    ['Pending', false],
    ['Approved', false],
    ['Denied', true],
    ['Consumed', true],
    ['Expired', true],
    ['Superseded', true],
    ['Withdrawn', true],
  ] as const;
  beforeAll(async () => {
    for (const [phase] of PHASES) await createIn(phase.toLowerCase(), { phase });
    await createIn('released', { phase: 'Denied', restoration: { state: 'Releasing' } });
  });

  async function createIn(name: string, status: object): Promise<void> {
    await create({ kind: 'ApprovalRequest', name, spec: APPROVAL_SPEC }, { namespace, ...OPERATOR });
    const options = { namespace, ...OPERATOR, subresource: 'status', isReal: true };
    expect(await tryToPatch(`apr/${name}`, { status }, options)).toBe('accepted');
  }

  it.each([
    ['an admin', {}],
    ['the garbage collector', GARBAGE_COLLECTOR],
  ])('is not for %s, whatever its phase', async (_sentence, user) => {
    for (const [phase] of PHASES)
      expect(await tryToDelete(['apr', phase.toLowerCase()], { namespace, ...user })).toContain(KEPT);
  });

  it('says how to say no', async () => {
    const refusal = await tryToDelete(['apr', 'pending'], { namespace });
    expect(refusal).toContain('Error from server (Forbidden)');
    expect(refusal).toContain(
      `only the operator clears it away; to say no: kubectl molecule approvals deny pending -n ${namespace}`,
    );
  });

  it('is not for anybody as part of all of them', async () => {
    expect(await tryToDelete(['apr', '--all'], { namespace })).toContain(KEPT);
    const path = `/apis/moleculesai.app/v1alpha1/namespaces/${namespace}/approvalrequests?dryRun=All`;
    expect((await kubectl(['delete', '--raw', path])).stderr).toContain(KEPT);
  });

  it.each(PHASES)('in phase %s is for the namespace controller: %s', async (phase, mayGo) => {
    // The second where controllers have no accounts of their own.
    for (const as of [NAMESPACE_CONTROLLER.as, 'system:kube-controller-manager']) {
      const answer = await tryToDelete(['apr', phase.toLowerCase()], { namespace, ...NAMESPACE_CONTROLLER, as });
      expect(answer).toContain(mayGo ? 'accepted' : KEPT);
    }
  });

  it('is not for the namespace controller while its object is brought back', async () => {
    expect(await tryToDelete(['apr', 'released'], { namespace, ...NAMESPACE_CONTROLLER })).toContain(KEPT);
  });

  it('is for the operator', async () => {
    expect(await tryToDelete(['apr', 'pending'], { namespace, ...OPERATOR })).toBe('accepted');
  });
});

describe('a policy of somebody else that writes names', () => {
  const input = (): string => JSON.stringify(forger('UPDATE', '/spec/decision/by', namespace));
  beforeAll(async () => {
    await mustKubectl(['create', '-f', '-'], { input: input() });
  });
  afterAll(async () => {
    await mustKubectl(['delete', '-f', '-'], { input: input() });
  });

  // Which of the two has the last word is not said anywhere.
  it('has its name put right or refused', async () => {
    const patch = JSON.stringify({ spec: { decision: approved } });
    const decide = ['patch', 'apr/asked-by-jane', '--type=merge', '--dry-run=server', '-o', 'json', '-p', patch];
    const { code, stdout, stderr } = await waitFor(
      async () => {
        const answer = await kubectl(decide, { namespace, as: 'john' });
        return answer.code !== 0 || answer.stdout.includes('"forged"') ? answer : undefined;
      },
      { what: 'the policy of somebody else to be in force', timeoutMs: 20_000 },
    );
    const outcome = code === 0 ? JSON.parse(stdout).spec.decision.by : stderr;
    expect(outcome).toMatch(/^john$|Cannot decide in the name of mallory/);
  });
});
