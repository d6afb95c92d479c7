import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import type { Condition, Org, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Standing, State } from './org-tree.ts';

export function standingOf(object: Org | Workspace): Standing {
  const ready = conditionOf(object, CONDITIONS.ready);
  if (ready === undefined) {
    const state = object.metadata.deletionTimestamp === undefined ? 'Unknown' : 'Deleting';
    return { state, reason: 'NotObserved', message: 'The operator has not seen it yet; is it running?' };
  }
  return { state: stateOf(object, ready), reason: ready.reason, message: ready.message };
}

function stateOf(object: Org | Workspace, ready: Condition): State {
  if (object.metadata.deletionTimestamp !== undefined) return 'Deleting';
  if ('suspend' in object.spec && object.spec.suspend) return 'Suspended';
  // What is said about an older generation says nothing about this one.
  if ((object.status?.observedGeneration ?? 0) < (object.metadata.generation ?? 0)) return 'Progressing';
  if (ready.status === 'True') return 'Ready';
  if (conditionOf(object, CONDITIONS.stalled)?.status === 'True') return 'Failed';
  if (conditionOf(object, CONDITIONS.reconciling)?.status === 'True') return 'Progressing';
  return ready.status === 'Unknown' ? 'Unknown' : 'Waiting';
}

function conditionOf(object: Org | Workspace, type: string): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}
