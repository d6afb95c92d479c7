import { GROUP } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import type { CaseFile } from '../../ledger/port.ts';
import { countsAsAsker } from '../../rules/approval/askers.ts';
import type { ApprovalEffect } from '../../runtime/plan.ts';
import { attemptOf, breakGlassAttempt, closing } from './attempt.ts';
import { attemptStep, isSteady, steadyStep } from './attempt-step.ts';
import type { LedgerReading, Matter, Step } from './matter.ts';
import { deletionOf, wordsOf } from './subject.ts';
import { recorded, superseded, type Telling, unheard, withdrawn, withdrawnAs } from './telling.ts';

const LEDGER_RECHECK_MS = 30_000;
/** A ledger that is silent for less may only be restarting, or somebody made it stumble. */
const LEAST_OUTAGE_MS = 300_000;

/** Without a reading the answer may be to ask for one; most matters rest without it. */
export function stepOf(matter: Matter, reading: LedgerReading | undefined, now: Date): Step {
  const { open, subject, standing } = matter;
  const misfit = open.find(({ spec }) => spec.target.group !== GROUP || spec.action !== deletionOf(subject.kind));
  if (misfit !== undefined)
    return tell(
      withdrawn(
        misfit,
        'Only deletions of an Org, a Workspace or a TemplateAsset can be asked for; name its own action',
      ),
    );
  const glass = open.filter(({ spec }) => spec.breakGlass === true);
  if (glass[0] !== undefined) return breakGlassStep(matter, glass[0], { others: glass.slice(1), reading, now });
  if (open.length === 0 && standing !== 'held') return { kind: 'rest' };
  const [only] = open;
  if (open.length === 1 && only !== undefined && isSteady(only, matter, now)) return steadyStep(only, now);
  if (reading === undefined) return { kind: 'ask' };
  if (reading.kind === 'silent') {
    const tellings = open.map((request) => unheard(request, reading));
    return { kind: 'tell', tellings, recheckAfterMs: LEDGER_RECHECK_MS };
  }
  return knownStep(matter, reading.file, now);
}

const STILL_SHORT = {
  reason: REASONS.ledgerUnavailable,
  message: 'The glass is broken only once the ledger has been dead for five minutes; the request waits until then',
};

/** Without a ledger its own hour counts. It is for the time in which there is none, and for no other. */
function breakGlassStep(
  matter: Matter,
  request: ApprovalRequest,
  {
    others,
    reading,
    now,
  }: { readonly others: readonly ApprovalRequest[]; readonly reading: LedgerReading | undefined; readonly now: Date },
): Step {
  const [other] = others;
  if (other !== undefined) return tell(withdrawn(other, overtakenBy(request)));
  const { ledger, ledgerDeadSince = now } = matter.clearance;
  if (ledger === 'unknown') return { kind: 'rest', recheckAfterMs: LEDGER_RECHECK_MS };
  // That it is dead is noticed by those who ask it, and nobody may have asked since.
  if (ledger === 'available' && reading === undefined) return { kind: 'ask' };
  if (ledger === 'available' && reading?.kind === 'silent')
    return { kind: 'tell', tellings: [unheard(request, reading)], recheckAfterMs: LEDGER_RECHECK_MS };
  if (ledger !== 'unavailable' && ledger !== 'frozen')
    return tell(withdrawn(request, 'The glass is broken only while the ledger is dead; ask without spec.breakGlass'));
  const remainingMs = ledgerDeadSince.getTime() + LEAST_OUTAGE_MS - now.getTime();
  if (remainingMs > 0) return { kind: 'tell', tellings: [unheard(request, STILL_SHORT)], recheckAfterMs: remainingMs };
  const attempt = breakGlassAttempt(request, now);
  if (request.spec.record !== undefined) return attemptStep(matter, { request, attempt, now });
  if (attempt.isExpired) return tell(withdrawn(request, 'Not completed in time; ask again'));
  if (!isWaiting(matter)) return tell(withdrawnAs(request, matter.standing));
  return { kind: 'draw-up', attempt, draft: request };
}

function knownStep(matter: Matter, file: CaseFile, now: Date): Step {
  const { askers, latest } = file;
  const { open, standing } = matter;
  const current = open.find(({ spec }) => spec.record !== undefined && spec.record.nonce === latest?.nonce);
  const stale = open.find((request) => request.spec.record !== undefined && request !== current);
  if (stale !== undefined) return tell(superseded(stale));
  const draft = open.find((request) => request !== current);
  if (latest === undefined || current === undefined) return openingStep(matter, file, draft);
  if (latest.state !== 'Open' && latest.state !== 'Approved') return tell(recorded(current, latest, standing));
  // Whoever asks a second time has asked all the same.
  if (draft !== undefined)
    return isKnown(draft, askers) ? tell(withdrawn(draft, overtakenBy(current))) : record(opening(matter, draft));
  return attemptStep(matter, { request: current, attempt: attemptOf(latest, askers), now });
}

/** There is no request for the newest attempt yet. */
function openingStep(matter: Matter, { askers, latest }: CaseFile, draft: ApprovalRequest | undefined): Step {
  if (draft !== undefined && !isWaiting(matter)) return tell(withdrawnAs(draft, matter.standing));
  if (draft === undefined && matter.standing !== 'held') return { kind: 'rest' };
  if (latest === undefined || hasEnded(latest.state)) return record(opening(matter, draft));
  const attempt = attemptOf(latest, askers);
  if (attempt.isConsumed && draft !== undefined) return tell(withdrawnAs(draft, 'covered'));
  if (attempt.isConsumed) return { kind: 'draw-up', attempt };
  if (attempt.isExpired) return record(...closing(attempt, 'Expired'));
  if (draft !== undefined && !isKnown(draft, askers)) return record(opening(matter, draft));
  return { kind: 'draw-up', attempt, ...(draft === undefined ? {} : { draft }) };
}

/** Whether the ledger counts who made the draft among those who asked. */
function isKnown({ spec: { requestedBy } }: ApprovalRequest, askers: readonly string[]): boolean {
  return !countsAsAsker(requestedBy) || askers.includes(requestedBy);
}

/** Another attempt may follow. */
function hasEnded(state: NonNullable<CaseFile['latest']>['state']): boolean {
  return state === 'Expired' || state === 'Superseded' || state === 'Withdrawn' || state === 'Denied';
}

/** There is an object, and somebody may still decide about it. */
function isWaiting({ standing }: Matter): boolean {
  return standing === 'held' || standing === 'standing';
}

function overtakenBy({ metadata }: ApprovalRequest): string {
  return `The same is asked for already; decide ApprovalRequest "${metadata.name}"`;
}

function opening({ subject, uid, ttlSeconds }: Matter, draft: ApprovalRequest | undefined): ApprovalEffect {
  const asker = draft?.spec.requestedBy ?? '';
  return {
    kind: 'open',
    subjectUID: uid,
    action: deletionOf(subject.kind) ?? '',
    subject: wordsOf(subject),
    ttlSeconds,
    ...(countsAsAsker(asker) ? { asker } : {}),
  };
}

function record(...approvals: readonly ApprovalEffect[]): Step {
  return { kind: 'record', approvals };
}

/** A request is done with; what follows from that is the next pass's. */
function tell(telling: Telling): Step {
  return { kind: 'tell', tellings: [telling], recheckAfterMs: 0 };
}
