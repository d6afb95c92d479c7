import type { PlanContext } from '../../runtime/controller.ts';
import type { Plan } from '../../runtime/plan.ts';
import { planAfterthought } from './plan-afterthought.ts';
import { planDenied } from './plan-denied.ts';
import { planLive } from './plan-live.ts';
import { planUpkeep } from './plan-upkeep.ts';
import type { ApprovalSnapshot } from './snapshot.ts';
import { tellRequest } from './status.ts';

const RECHECK_MS = 1_000;

/** One pass over the requests of one name. It writes at most one status; what has nothing else to do looks after the finished ones. */
export function planApproval(snapshot: ApprovalSnapshot, now: Date): Plan {
  const { outcome, ...effects } = planWork(snapshot, now);
  return Object.keys(effects).length > 0 ? { ...effects, outcome } : planUpkeep(snapshot, outcome, now);
}

function planWork({ work, target, lastFailure }: ApprovalSnapshot, now: Date): Plan {
  const failure = lastFailure === undefined ? {} : { lastFailure };
  switch (work.kind) {
    case 'restoration':
      return planDenied({ ...work.denied, ...failure }, now);
    case 'matter':
      return planStep(work, { now, ...failure });
    case 'afterthought':
      return planAfterthought({ ...work, target }, { now, ...failure });
    case 'none':
      return { outcome: { kind: 'settled' } };
    default:
      return work satisfies never;
  }
}

type MatterWork = Extract<ApprovalSnapshot['work'], { readonly kind: 'matter' }>;

function planStep({ step, live, sights }: MatterWork, { now, lastFailure }: PlanContext): Plan {
  switch (step.kind) {
    case 'rest': {
      const { recheckAfterMs } = step;
      return { outcome: recheckAfterMs === undefined ? { kind: 'settled' } : { kind: 'waiting', recheckAfterMs } };
    }
    case 'ask':
      return { outcome: { kind: 'waiting', recheckAfterMs: RECHECK_MS } };
    case 'record':
      return { approvals: step.approvals, outcome: { kind: 'progressing', recheckAfterMs: 0 } };
    case 'tell': {
      const told = step.tellings.map((telling) => tellRequest(telling, { sights, now }));
      const first = told.find(({ status }) => status !== undefined);
      if (first === undefined) return { outcome: { kind: 'waiting', recheckAfterMs: step.recheckAfterMs } };
      const isLast = told.filter(({ status }) => status !== undefined).length === 1;
      return { ...first, outcome: { kind: 'progressing', recheckAfterMs: isLast ? step.recheckAfterMs : 0 } };
    }
    case 'draw-up':
    case 'compare':
    case 'use':
      return planLive(step, live, { sights, now, ...(lastFailure === undefined ? {} : { lastFailure }) });
    default:
      return step satisfies never;
  }
}
