import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS } from '../../../../src/apis/v1alpha1/names.ts';
import type { ApprovalRequest, Org, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { Clearance } from '../../../../src/controllers/clearance.ts';
import { BY_ASKED_BACK, BY_COVERED_UID, isAskedBack, leaveOf } from '../../../../src/controllers/leave.ts';
import { CLEAR, consumedRequest, OPERATION, requestStore } from '../../../builders/approval-request.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { NAMESPACE, org, uidOf, workspace } from '../../../builders/objects.ts';
import { denied, held, NOW, RELEASING, UID } from './fixture.ts';

const CONDITION = { lastTransitionTime: NOW.toISOString(), message: 'the words of the request' };

function leave(status: Partial<ApprovalRequest['status'] & object>) {
  const approvalRequests = fakeStore([denied(status)], { [BY_COVERED_UID]: ({ spec }) => spec.target.uid });
  const memory = { approvalRequests, orgs: fakeStore<Org>([]), workspaces: fakeStore<Workspace>([]) };
  return leaveOf({ kind: 'Workspace', metadata: held().metadata }, { ...memory, clearance: CLEAR });
}

describe('a denied object', () => {
  it('stays held, and its agent is looked after, until it is really let go', () => {
    expect(leave({})).toMatchObject({ kind: 'held', reason: 'Restoring' });
    expect(leave({ restoration: RELEASING })).toEqual({ kind: 'restoring' });
  });

  it('stays held in the words of the request where it cannot be made again', () => {
    const conditions = [{ type: 'Concluded', status: 'False', reason: 'CannotRestore', ...CONDITION } as const];
    expect(leave({ conditions })).toEqual({ kind: 'held', reason: 'CannotRestore', message: CONDITION.message });
  });

  it('whose request came to its end can be asked for again', () => {
    const conditions = [{ type: 'Concluded', status: 'True', reason: 'ApprovalDenied', ...CONDITION } as const];
    expect(leave({ conditions })).toMatchObject({ kind: 'held', reason: 'RequestingApproval' });
  });
});

describe('an object for which two people broke the glass', () => {
  const object = workspace('writer');
  const consumed = consumedRequest(object, [object]);
  const glass = { ...consumed, spec: { ...consumed.spec, breakGlass: true } };
  const under = (clearance: Clearance) =>
    leaveOf(
      { kind: 'Workspace', metadata: object.metadata },
      {
        approvalRequests: requestStore(glass),
        orgs: fakeStore<Org>([]),
        workspaces: fakeStore([object]),
        clearance,
      },
    );

  it('goes without the ledger, but never without the guard', () => {
    expect(under({ ledger: 'frozen', openRoutes: [] })).toMatchObject({ kind: 'granted' });
    expect(under({ ledger: 'frozen', openRoutes: ['a policy is missing'] })).toMatchObject({ reason: 'GuardOpen' });
    expect(under({ ledger: 'frozen', openRoutes: undefined })).toMatchObject({ reason: 'GuardUnknown' });
  });
});

describe('a Workspace whose name is asked back', () => {
  const metadata = {
    name: 'writer-1',
    namespace: NAMESPACE,
    labels: { [LABELS.workspace]: 'writer' },
    annotations: { [ANNOTATIONS.incarnation]: UID },
  };
  const volumes = fakeStore([{ metadata, phase: 'Bound', resizes: [] }], {
    [BY_ASKED_BACK]: ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[LABELS.workspace]}`,
  });
  const dying = { ...workspace('writer').metadata, deletionTimestamp: NOW.toISOString() };

  it.each([
    ['that nobody has looked at is left alone', workspace('writer'), true],
    [
      'that has its identity is left alone until all of it is back',
      workspace('writer', { status: { incarnation: UID } }),
      true,
    ],
    ['that has other data goes on', workspace('writer', { status: { incarnation: uidOf('other') } }), false],
    ['that is on its way out goes on', workspace('writer', { metadata: dying, status: { incarnation: UID } }), false],
    ['of another name goes on', workspace('reader'), false],
  ])('%s', (_title, object, isLeftAlone) => {
    expect(isAskedBack(object, { volumes })).toBe(isLeftAlone);
  });
});

describe('a Workspace that goes with another', () => {
  const member = workspace('member');
  const parent = workspace('parent');
  const of = (target: Org | Workspace, orgs: readonly Org[], workspaces: readonly Workspace[]) =>
    leaveOf(
      { kind: 'Workspace', metadata: member.metadata },
      {
        approvalRequests: requestStore(consumedRequest(target, [member])),
        orgs: fakeStore(orgs),
        workspaces: fakeStore(workspaces),
        clearance: CLEAR,
      },
    );

  it('may be destroyed under the approval for that one, while that one is on its way out', () => {
    expect(of(parent, [], [parent, member])).toMatchObject({ kind: 'granted', operationID: OPERATION });
    expect(of(org(), [org()], [member])).toMatchObject({ kind: 'granted', operationID: OPERATION });
  });

  it('is asked about anew when that one has gone without it, also where another has the name', () => {
    const namesake = workspace('parent', { metadata: { ...parent.metadata, uid: uidOf('another') } });
    for (const workspaces of [[member], [namesake, member]])
      expect(of(parent, [org()], workspaces)).toMatchObject({ kind: 'held', reason: 'RequestingApproval' });
    expect(of(org(), [], [member])).toMatchObject({ kind: 'held', reason: 'RequestingApproval' });
  });
});
