import { CONDITIONS } from '../../../src/apis/v1alpha1/conditions.ts';
import { ANNOTATIONS } from '../../../src/apis/v1alpha1/names.ts';
import { WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import type { Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Json, JsonObject } from '../../memory-api/rest.ts';
import { withoutMembers } from './fingerprint.ts';
import { FOREIGN, NOT_OURS } from './guard.ts';
import type { World } from './world.ts';

const CHILDREN = new Set(['Pod', 'PersistentVolumeClaim']);
/** What tells of the way and not of the end: who wrote what, what was approved and not used, which revisions there were, restarts, what was asked for by hand, and whether an agent was ever online. */
const OF_THE_WAY = new Set<string>([
  ANNOTATIONS.requestedAt,
  ANNOTATIONS.quickEnds,
  'lastHandledReconcileAt',
  'restartCount',
  'managedFields',
  'deletionGrant',
  'history',
  'phase',
]);

/**
 * What a world is now, whatever happened in it before. Whether there is a Pod and a volume depends on that where no agent is
 * ready: what runs is not ended because nothing could be made now. So only why it is not ready is looked at there. What is the
 * dead's and what is somebody else's is no part of it.
 */
export function standing(world: World): readonly Json[] {
  const workspaces = world.objects(WORKSPACES) as readonly Workspace[];
  const running = new Set(
    workspaces.filter((workspace) => readyOf(workspace)?.status === 'True').map(({ metadata }) => metadata.uid),
  );
  return world.fingerprint((object) => {
    const { kind, metadata } = object;
    if (metadata.annotations?.[NOT_OURS] !== undefined) return undefined;
    if (CHILDREN.has(kind) && !running.has(metadata.annotations?.[ANNOTATIONS.workspaceUID])) return undefined;
    const shown =
      kind === 'Workspace' && !running.has(metadata.uid) ? onlyWhyNot(object as Workspace) : forgiven(object);
    return withoutMembers(
      shown as unknown as JsonObject,
      (name) => name.startsWith(FOREIGN) || OF_THE_WAY.has(name),
    ) as unknown as KubeObject;
  });
}

/** A Pod that was made for a Workspace that is no more. */
export function isOrphan(world: World, { metadata }: KubeObject): boolean {
  const uid = metadata.annotations?.[ANNOTATIONS.workspaceUID];
  return (
    metadata.annotations?.[NOT_OURS] === undefined &&
    !world.objects(WORKSPACES).some((workspace) => workspace.metadata.uid === uid)
  );
}

function onlyWhyNot(workspace: Workspace): KubeObject {
  const ready = readyOf(workspace);
  return { ...workspace, status: { conditions: ready === undefined ? [] : [ready] } } as KubeObject;
}

/** Reconciling remembers a failure until it is over. */
function forgiven(object: KubeObject): KubeObject {
  const { status } = object as KubeObject & { readonly status?: Workspace['status'] };
  if (status?.conditions === undefined) return object;
  const conditions = status.conditions.map((condition) =>
    condition.type === CONDITIONS.reconciling ? { ...condition, reason: '' } : condition,
  );
  return { ...object, status: { ...status, conditions } } as KubeObject;
}

function readyOf({ status }: Workspace) {
  return status?.conditions?.find(({ type }) => type === CONDITIONS.ready);
}
