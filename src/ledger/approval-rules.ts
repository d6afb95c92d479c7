import { RefusedError } from '../runtime/classify.ts';
import type { ApprovalEffect } from '../runtime/plan.ts';
import type { ApprovalState } from './port.ts';

/** What a step of an approval is judged by. */
export interface ApprovalFacts {
  readonly state: ApprovalState;
  readonly hash: string | undefined;
  /** By the clock of the ledger. */
  readonly isExpired: boolean;
  /** Whoever decided is among those who asked, those who joined after the decision included. */
  readonly isSelfApproved: boolean;
}

type Effect<Kind extends ApprovalEffect['kind']> = Extract<ApprovalEffect, { readonly kind: Kind }>;

/** `take`: the step is to be taken. `taken`: it was before, or another end came first and stands; nothing changes. */
export type Judgement = 'take' | 'taken';

/** Throws a RefusedError for a second, different hash. */
export function judgeBind({ state, hash }: ApprovalFacts, effect: Effect<'bind'>): Judgement {
  if (hash === effect.hash) return 'taken';
  if (hash !== undefined)
    throw refusal('The approval is for another record than this one; the request is made anew with what is true now');
  if (state !== 'Open') throw refusal(`The approval is ${words(state)} already; the next request takes its place`);
  return 'take';
}

/** The first verdict stands; throws a RefusedError when there is nothing left to decide. */
export function judgeDecide({ state, hash }: ApprovalFacts, effect: Effect<'decide'>): Judgement {
  if (hash !== effect.hash) throw otherRecord();
  if (state === 'Open') return 'take';
  if (state === 'Approved' || state === 'Denied' || state === 'Consumed') return 'taken';
  throw refusal(`The approval is ${words(state)} already; decide the request that took its place`);
}

/** Throws a RefusedError unless this very record was approved in time by somebody who did not ask. */
export function judgeConsume(facts: ApprovalFacts, effect: Effect<'consume'>): Judgement {
  if (facts.hash !== effect.hash) throw otherRecord();
  if (facts.state === 'Consumed') return 'taken';
  if (facts.state !== 'Approved')
    throw refusal(`The approval is ${words(facts.state)}, not approved; somebody has to approve the current request`);
  if (facts.isExpired)
    throw refusal('The approval has expired by the clock of the ledger; somebody has to approve the next request');
  if (facts.isSelfApproved)
    throw refusal('Whoever approved the deletion has asked for it too; somebody else has to approve the next request');
  return 'take';
}

/** What was decided, used or closed before stays as it is. Throws a RefusedError for an expiry that is yet to come. */
export function judgeClose({ state, isExpired }: ApprovalFacts, effect: Effect<'close'>): Judgement {
  if (state !== 'Open' && state !== 'Approved') return 'taken';
  if (effect.as === 'Expired' && !isExpired)
    throw refusal('The approval has not expired by the clock of the ledger; it can still be decided');
  return 'take';
}

/** For an approval that was lost with a part of the ledger, or never was. */
export function unknownApproval(): RefusedError {
  return refusal('The ledger does not know the approval; a new request is made');
}

/** For an intent that names an operation which does not cover its subject. */
export function notCovered(subject: string): RefusedError {
  return refusal(`No approval that was consumed covers ${subject}; it waits for one of its own`);
}

/** For members that leave out what the approval is about, which is a defect of the caller. */
export function withoutSubject(subject: string): Error {
  return new RangeError(`Cannot consume the approval of ${subject}: it is not among the members of its own operation`);
}

function otherRecord(): RefusedError {
  return refusal('The approval is for another record than this one; somebody has to approve what is true now');
}

function refusal(message: string): RefusedError {
  return new RefusedError(message, { reason: 'ApprovalRefused' });
}

function words(state: ApprovalState): string {
  return state === 'Open' ? 'not decided' : state.toLowerCase();
}
