import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS } from '../../../../src/apis/v1alpha1/names.ts';
import type {
  ApprovalRequest,
  ApprovalRequestRestoration,
  Org,
  Workspace,
} from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { Clearance } from '../../../../src/controllers/clearance.ts';
import {
  askedBackBy,
  BY_ASKED_BACK,
  BY_COVERED_UID,
  BY_TARGET,
  isAskedBack,
  isBeingRestored,
  leaveOf,
} from '../../../../src/controllers/leave.ts';
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
    labels: { [LABELS.workspace]: 'writer', [LABELS.expires]: '20261128T100000Z' },
    annotations: { [ANNOTATIONS.incarnation]: UID, [ANNOTATIONS.workspaceUID]: UID, [ANNOTATIONS.restore]: 'yes' },
  };
  const asked = { metadata, phase: 'Bound', resizes: [] };
  const back = workspace('writer', { metadata: { ...workspace('writer').metadata, uid: uidOf('back') } });
  const settled = {
    ...asked,
    metadata: {
      ...metadata,
      labels: { [LABELS.workspace]: 'writer' },
      annotations: { [ANNOTATIONS.incarnation]: UID, [ANNOTATIONS.workspaceUID]: uidOf('back') },
    },
  };
  const own = { ...settled, metadata: { ...settled.metadata, annotations: { ...metadata.annotations } } };
  const dying = { ...workspace('writer').metadata, deletionTimestamp: NOW.toISOString() };

  it.each([
    ['that nobody has looked at is left alone', workspace('writer'), asked, true],
    [
      'that has its identity is left alone until all of it is back',
      workspace('writer', { status: { incarnation: UID } }),
      asked,
      true,
    ],
    ['that has other data goes on', workspace('writer', { status: { incarnation: uidOf('other') } }), asked, false],
    [
      'that is on its way out goes on',
      workspace('writer', { metadata: dying, status: { incarnation: UID } }),
      asked,
      false,
    ],
    ['of another name goes on', workspace('reader'), asked, false],
    ['whose volume is heard of before its identity is left alone', back, settled, true],
    ['that is back goes on', { ...back, status: { incarnation: UID } }, settled, false],
    ['that is a new one beside the volume of another goes on', workspace('writer'), settled, false],
  ])('%s', (_title, object, volume, isLeftAlone) => {
    const volumes = fakeStore([volume], { [BY_ASKED_BACK]: (each) => askedBackBy(each)[0] ?? '' });
    expect(isAskedBack(object, { volumes })).toBe(isLeftAlone);
  });

  it('costs nothing for a volume that still is of the one it was made for', () => {
    const { [ANNOTATIONS.restore]: _asked, ...annotations } = own.metadata.annotations;
    expect(askedBackBy({ ...own, metadata: { ...own.metadata, annotations } })).toEqual([]);
  });
});

describe('an object that was denied to go', () => {
  const back = { kind: 'Workspace', namespace: NAMESPACE, name: 'writer', uid: uidOf('back') } as const;
  const isComing = (restoration: Partial<ApprovalRequestRestoration>) => {
    const request = denied({ restoration: { ...RELEASING, ...restoration } });
    const approvalRequests = fakeStore([request], {
      [BY_TARGET]: ({ metadata, spec }) => `${metadata.namespace}/${spec.target.kind}/${spec.target.name}`,
    });
    return isBeingRestored({ ...back, name: request.spec.target.name }, { approvalRequests });
  };

  it('is left alone until it has its identity, also where its request is heard of first', () => {
    expect(isComing({})).toBe(true);
    expect(isComing({ state: 'Restored', uid: uidOf('back') })).toBe(true);
  });

  it('is a new one when it has only the name', () => {
    expect(isComing({ state: 'Restored', uid: uidOf('an earlier one') })).toBe(false);
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
