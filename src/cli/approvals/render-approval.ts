import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { isAttributed } from '../../rules/approval/askers.ts';
import { describeRecord, escapeConfusables } from '../../rules/approval/describe.ts';
import { isFinal } from '../../rules/approval/lifecycle.ts';
import { timeLeft } from '../age.ts';
import { printable, shellWord } from '../text.ts';
import { type ApprovalView, viewOf } from './approval-view.ts';
import { shortHash } from './hash-prefix.ts';

export interface RenderOptions {
  readonly now: Date;
  /** Flags that make the commands below look where this one looked. */
  readonly flags: string;
  /** What speaks against the record. */
  readonly objections: readonly string[];
}

/** What an approver has to see: the record first, then what nobody vouches for, then how to decide. */
export function renderApproval(request: ApprovalRequest, options: RenderOptions): readonly string[] {
  const { now, flags, objections } = options;
  const view = viewOf(request);
  const { record } = request.spec;
  return [
    headline(view, now),
    ...(view.isBreakGlass
      ? [
          'BREAK-GLASS: asked for although the ledger is dead. Approving it takes the verb break-glass besides, and no copy is kept that it could be restored from.',
        ]
      : []),
    '',
    ...(record === undefined
      ? ['The operator has not recorded yet what would be lost; nothing can be decided before.']
      : describeRecord(record).split('\n')),
    '',
    ...hashLines(view, objections),
    `Asked by: "${escapeConfusables(view.requestedBy)}"${
      view.reason === null ? ', without a reason' : `, with the reason "${escapeConfusables(view.reason)}"`
    }`,
    ...(record === undefined || isAttributed(record.askers)
      ? []
      : ['Nobody knows who asked, so deciding takes the verb approve-unattributed besides.']),
    ...decisionLines(view),
    ...planLines(request),
    ...(canBeDecided(request) && objections.length === 0 ? decideLines(view, flags) : []),
  ];
}

/** Whether a human can say yes or no now. */
function canBeDecided({ spec, status }: ApprovalRequest): boolean {
  return spec.hash !== undefined && spec.decision === undefined && !isFinal(status?.phase);
}

function headline({ namespace, name, phase, expiresAt }: ApprovalView, now: Date): string {
  const left = timeLeft(expiresAt, now);
  const until =
    isFinal(phase === 'New' ? undefined : phase) || left === '-'
      ? ''
      : left === 'over'
        ? ', its time is over'
        : `, expires in ${left}`;
  return `ApprovalRequest ${namespace}/${name}: ${phase}${until}`;
}

function hashLines({ hash }: ApprovalView, objections: readonly string[]): readonly string[] {
  if (hash === null) return [];
  return objections.length === 0
    ? [`Hash:     ${escapeConfusables(hash)}, computed again from the record above`]
    : [`NOT TO BE TRUSTED: ${objections.join('; ')}.`];
}

function decisionLines({ decision, message }: ApprovalView): readonly string[] {
  const words =
    decision === null
      ? []
      : [
          `Decided:  ${decision.verdict} by "${escapeConfusables(decision.by)}"${
            decision.reason === null ? '' : `, with the reason "${escapeConfusables(decision.reason)}"`
          }`,
        ];
  return [...words, ...(message === null ? [] : [`Operator: ${printable(message)}`])];
}

/** For the eyes alone. */
function planLines({ status }: ApprovalRequest): readonly string[] {
  const plan = status?.plan;
  if (plan === undefined) return [];
  const workspaces = (plan.workspaces ?? []).map(({ name, size, isRunning }) => {
    const facts = [size ?? 'no volume', isRunning === true ? 'running' : 'not running'];
    return `- ${escapeConfusables(name)}: ${escapeConfusables(facts.join(', '))}`;
  });
  return workspaces.length === 0 ? [] : ['', 'Seen beside it, no part of the record:', ...workspaces];
}

function decideLines({ name, hash }: ApprovalView, flags: string): readonly string[] {
  return [
    '',
    'To decide:',
    `  kubectl molecule approvals approve ${shellWord(name)} ${flags} --hash ${shortHash(hash ?? '')}`,
    `  kubectl molecule approvals deny ${shellWord(name)} ${flags} --reason TEXT`,
  ];
}
