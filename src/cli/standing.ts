import { CONDITIONS } from '../apis/v1alpha1/conditions.ts';
import type { Condition, Org, TemplateAsset, Workspace } from '../apis/v1alpha1/types.generated.ts';

/** How an object stands, in one word. Reason and message are those of its condition Ready, or of what holds its deletion. */
export interface Standing {
  readonly state: State;
  readonly reason: string | null;
  readonly message: string | null;
}

/**
 * Ready: works. Progressing: being changed. Waiting: for something outside. Failed: only a changed object helps. Deleting, Suspended:
 * as asked. Missing: not created. Unknown: the operator has not said.
 */
export type State = 'Ready' | 'Progressing' | 'Waiting' | 'Failed' | 'Deleting' | 'Suspended' | 'Missing' | 'Unknown';

export type Ours = Org | Workspace | TemplateAsset;

/** No reason of the operator's: it says that the operator has said nothing about the object as it is now. */
export const NOT_OBSERVED = 'NotObserved';

export function standingOf(object: Ours): Standing {
  const pending = conditionOf(object, CONDITIONS.approvalPending);
  // Held, the object works as before, and its Ready says nothing of the deletion.
  if (object.metadata.deletionTimestamp !== undefined && pending?.status === 'True')
    return { state: 'Deleting', reason: pending.reason, message: pending.message };
  const ready = conditionOf(object, CONDITIONS.ready);
  if (ready === undefined) {
    const state = object.metadata.deletionTimestamp === undefined ? 'Unknown' : 'Deleting';
    return { state, reason: NOT_OBSERVED, message: 'The operator has not seen it yet; is it running?' };
  }
  if (isOutdated(object, ready)) {
    const state = object.metadata.deletionTimestamp === undefined ? 'Progressing' : 'Deleting';
    return { state, reason: NOT_OBSERVED, message: 'The operator has not looked at this change yet' };
  }
  return { state: stateOf(object, ready), reason: ready.reason, message: ready.message };
}

/** What is said about an older generation says nothing about this one, and nothing is ready that is being deleted. */
function isOutdated({ metadata, status }: Ours, ready: Condition): boolean {
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) return true;
  return metadata.deletionTimestamp !== undefined && ready.status === 'True';
}

function stateOf(object: Ours, ready: Condition): State {
  if (object.metadata.deletionTimestamp !== undefined) return 'Deleting';
  if ('suspend' in object.spec && object.spec.suspend) return 'Suspended';
  if (ready.status === 'True') return 'Ready';
  if (conditionOf(object, CONDITIONS.stalled)?.status === 'True') return 'Failed';
  if (conditionOf(object, CONDITIONS.reconciling)?.status === 'True') return 'Progressing';
  return ready.status === 'Unknown' ? 'Unknown' : 'Waiting';
}

export function conditionOf(object: Ours, type: string): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}

/** Reason and message in one line; the message alone where it begins with the word that is the reason. */
export function explain({ reason, message }: Pick<Standing, 'reason' | 'message'>): string {
  if (reason !== null && message?.split(/\W/, 1)[0] === reason) return message;
  return [reason, message].filter((part) => part !== null && part !== '').join(': ');
}
