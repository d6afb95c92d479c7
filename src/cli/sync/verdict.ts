import { NOT_OBSERVED, type Ours, type Standing, standingOf } from '../standing.ts';

/** What a request for a pass has come to, as the object shows it. */
export interface SyncVerdict {
  readonly kind: 'waiting' | 'done' | 'failed';
  readonly standing: Standing;
}

const UNANSWERED: Standing = {
  state: 'Unknown',
  reason: NOT_OBSERVED,
  message: 'The operator has not answered yet; if it never does, see kubectl molecule doctor',
};

/**
 * Whether the operator is done with the pass that was asked for at `requestedAt`. A Workspace or Org that waits for something
 * outside may still become ready; a TemplateAsset was asked to look at its source, has looked, and says what it found.
 */
export function judgeSync(object: Ours, requestedAt: string): SyncVerdict {
  if (object.status?.lastHandledReconcileAt !== requestedAt) return { kind: 'waiting', standing: UNANSWERED };
  const standing = standingOf(object);
  switch (standing.state) {
    case 'Ready':
      return { kind: 'done', standing };
    case 'Failed':
    case 'Suspended':
    case 'Deleting':
      return { kind: 'failed', standing };
    case 'Waiting':
      return { kind: object.kind === 'TemplateAsset' ? 'failed' : 'waiting', standing };
    case 'Progressing':
    case 'Missing':
    case 'Unknown':
      return { kind: 'waiting', standing };
    default:
      return standing.state satisfies never;
  }
}
