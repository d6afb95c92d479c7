import { PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { keyOf, keyString, type ObjectKey } from '../../kube/objects.ts';
import { MAX_DEPTH } from '../../rules/hierarchy.ts';
import type { StoreView } from '../store-view.ts';
import { BY_NAMESPACE, BY_PARENT } from '../stores.ts';

/**
 * Other Workspaces whose standing a change of one may alter. Those below, as deep as a legal tree goes, when it moved, came, went,
 * or was suspended or resumed: all are found here at once, because none of them changes itself when one above does. Its children
 * when its deletion begins. Its former parent when it leaves, which may be waiting for that. Most changes wake nobody: status,
 * for instance, which changes most.
 */
export function relativesToWake(
  workspaces: StoreView<Workspace>,
  before: Workspace | undefined,
  after: Workspace | undefined,
): readonly ObjectKey[] {
  const workspace = after ?? before;
  if (workspace === undefined) return [];
  return [...below(workspaces, workspace, { before, after }), ...formerParent(workspaces, before, after)];
}

interface Change {
  readonly before: Workspace | undefined;
  readonly after: Workspace | undefined;
}

function below(
  workspaces: StoreView<Workspace>,
  workspace: Workspace,
  { before, after }: Change,
): readonly ObjectKey[] {
  const isResumed = (before?.spec.suspend === true) !== (after?.spec.suspend === true);
  // Nobody waits for the platform agent to exist, and everybody is below it.
  if (workspace.metadata.name === PLATFORM_AGENT_NAME)
    return isResumed ? workspaces.byIndex(BY_NAMESPACE, workspace.metadata.namespace ?? '').map(keyOf) : [];
  const hasMoved =
    before === undefined || after === undefined || before.spec.parentRef?.name !== after.spec.parentRef?.name;
  if (hasMoved || isResumed) return descendants(workspaces, workspace, MAX_DEPTH);
  const isDeletionNew = before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp;
  return isDeletionNew ? descendants(workspaces, workspace, 1) : [];
}

/** Generation by generation; who was met before is not met again, so that a circle ends. */
function descendants(workspaces: StoreView<Workspace>, top: Workspace, generations: number): readonly ObjectKey[] {
  const found = new Map<string, ObjectKey>();
  let parents: readonly ObjectKey[] = [keyOf(top)];
  for (let step = 0; step < generations && parents.length > 0; step += 1) {
    const next: ObjectKey[] = [];
    for (const parent of parents) {
      for (const child of workspaces.byIndex(BY_PARENT, keyString(parent))) {
        const key = keyOf(child);
        if (found.has(keyString(key))) continue;
        found.set(keyString(key), key);
        next.push(key);
      }
    }
    parents = next;
  }
  return [...found.values()];
}

function formerParent(
  workspaces: StoreView<Workspace>,
  before: Workspace | undefined,
  after: Workspace | undefined,
): readonly ObjectKey[] {
  const name = before?.spec.parentRef?.name;
  if (name === undefined || name === after?.spec.parentRef?.name) return [];
  const parent = { namespace: before?.metadata.namespace ?? '', name };
  return workspaces.get(parent)?.metadata.deletionTimestamp === undefined ? [] : [parent];
}
