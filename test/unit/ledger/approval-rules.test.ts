import { describe, expect, it } from 'vitest';
import {
  type ApprovalFacts,
  judgeBind,
  judgeClose,
  judgeConsume,
  judgeDecide,
} from '../../../src/ledger/approval-rules.ts';
import type { ApprovalState } from '../../../src/ledger/port.ts';
import { RefusedError } from '../../../src/runtime/classify.ts';

const STATES = ['Open', 'Approved', 'Denied', 'Consumed', 'Expired', 'Superseded', 'Withdrawn'] as const;
const BIND = { kind: 'bind', approvalID: 'id', hash: 'h' } as const;
const DECIDE = { kind: 'decide', approvalID: 'id', verdict: 'Approved', hash: 'h', by: 'bob' } as const;
const CONSUME = { kind: 'consume', approvalID: 'id', hash: 'h', members: [], detail: {} } as const;

function facts(state: ApprovalState, changes: Partial<ApprovalFacts> = {}): ApprovalFacts {
  return { state, hash: 'h', isExpired: false, isSelfApproved: false, ...changes };
}

/** take, taken, or the words of the refusal. */
function outcome(judge: () => string): string {
  try {
    return judge();
  } catch (error) {
    if (error instanceof RefusedError && error.reason === 'ApprovalRefused') return error.message;
    throw error;
  }
}

function byState(judge: (state: ApprovalState) => string): Readonly<Record<string, string>> {
  return Object.fromEntries(STATES.map((state) => [state, outcome(() => judge(state))]));
}

const NOT_APPROVED = (state: string): string =>
  `The approval is ${state}, not approved; somebody has to approve the current request`;

describe('an approval in the ledger', () => {
  it('is bound while it is open and has no record, and never to a second one', () => {
    const ended = (state: string): string => `The approval is ${state} already; the next request takes its place`;
    expect(byState((state) => judgeBind(facts(state, { hash: undefined }), BIND))).toEqual({
      Open: 'take',
      Approved: ended('approved'),
      Denied: ended('denied'),
      Consumed: ended('consumed'),
      Expired: ended('expired'),
      Superseded: ended('superseded'),
      Withdrawn: ended('withdrawn'),
    });
    for (const state of STATES) {
      expect(judgeBind(facts(state), BIND)).toBe('taken');
      expect(outcome(() => judgeBind(facts(state, { hash: 'other' }), BIND))).toBe(
        'The approval is for another record than this one; the request is made anew with what is true now',
      );
    }
  });

  it('is decided while it is open; the first verdict stands', () => {
    const ended = (state: string): string => `The approval is ${state} already; decide the request that took its place`;
    expect(byState((state) => judgeDecide(facts(state), DECIDE))).toEqual({
      Open: 'take',
      Approved: 'taken',
      Denied: 'taken',
      Consumed: 'taken',
      Expired: ended('expired'),
      Superseded: ended('superseded'),
      Withdrawn: ended('withdrawn'),
    });
  });

  it('is used when it is approved, and once', () => {
    expect(byState((state) => judgeConsume(facts(state), CONSUME))).toEqual({
      Open: NOT_APPROVED('not decided'),
      Approved: 'take',
      Denied: NOT_APPROVED('denied'),
      Consumed: 'taken',
      Expired: NOT_APPROVED('expired'),
      Superseded: NOT_APPROVED('superseded'),
      Withdrawn: NOT_APPROVED('withdrawn'),
    });
  });

  it.each([
    [
      'another record',
      { hash: 'other' },
      'The approval is for another record than this one; somebody has to approve what is true now',
    ],
    [
      'no record',
      { hash: undefined },
      'The approval is for another record than this one; somebody has to approve what is true now',
    ],
    [
      'a time that is over',
      { isExpired: true },
      'The approval has expired by the clock of the ledger; somebody has to approve the next request',
    ],
    [
      'an approver who asked',
      { isSelfApproved: true },
      'Whoever approved the deletion has asked for it too; somebody else has to approve the next request',
    ],
  ])('is not used with %s, although it is approved', (_what, changes, message) => {
    expect(outcome(() => judgeConsume(facts('Approved', changes), CONSUME))).toBe(message);
  });

  it.each(['isExpired', 'isSelfApproved'])(
    'that was used goes on, whatever came later (%s), but for no other record',
    (fact) => {
      expect(judgeConsume(facts('Consumed', { [fact]: true }), CONSUME)).toBe('taken');
      expect(outcome(() => judgeConsume(facts('Consumed', { [fact]: true, hash: 'other' }), CONSUME))).toContain(
        'for another record',
      );
    },
  );

  it('is not decided for another record, whatever became of it', () => {
    for (const state of STATES)
      expect(outcome(() => judgeDecide(facts(state, { hash: 'other' }), DECIDE))).toContain('for another record');
  });

  it('ends while it is open or approved, and how it ended stays', () => {
    for (const as of ['Superseded', 'Withdrawn'] as const) {
      expect(byState((state) => judgeClose(facts(state), { kind: 'close', approvalID: 'id', as }))).toEqual(
        Object.fromEntries(STATES.map((state) => [state, ['Open', 'Approved'].includes(state) ? 'take' : 'taken'])),
      );
    }
  });

  it('expires by the clock of the ledger and no earlier', () => {
    const expire = { kind: 'close', approvalID: 'id', as: 'Expired' } as const;
    for (const state of ['Open', 'Approved'] as const) {
      expect(judgeClose(facts(state, { isExpired: true }), expire)).toBe('take');
      expect(outcome(() => judgeClose(facts(state), expire))).toBe(
        'The approval has not expired by the clock of the ledger; it can still be decided',
      );
    }
  });
});
