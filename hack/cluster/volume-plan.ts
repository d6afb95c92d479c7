import { dirname, join } from 'node:path';
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { STORAGE_CLASS_NAME } from './storage-class.ts';

export interface VolumePlace {
  /** Absolute; each volume is a directory right below it. */
  readonly dir: string;
  readonly node: string;
}

export type VolumeAction =
  | { readonly kind: 'create'; readonly path: string; readonly volume: V1PersistentVolume }
  | { readonly kind: 'delete'; readonly path: string; readonly name: string };

const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';

/** What to do for the claims and volumes of the cluster: nothing, where each claim has its volume and each volume its claim. */
export function planVolumes(
  world: {
    readonly claims: readonly V1PersistentVolumeClaim[];
    readonly volumes: readonly V1PersistentVolume[];
  },
  place: VolumePlace,
): readonly VolumeAction[] {
  const names = new Set(world.volumes.map((volume) => volume.metadata?.name));
  const creations = world.claims.filter(isWaiting).map((claim) => creationFor(claim, place));
  return [
    ...creations.filter((action) => !names.has(action.volume.metadata?.name)),
    ...world.volumes.flatMap((volume) => deletionOf(volume, place)),
  ];
}

function isWaiting(claim: V1PersistentVolumeClaim): boolean {
  const isOurs = claim.spec?.storageClassName === STORAGE_CLASS_NAME && !claim.spec.volumeName;
  return isOurs && claim.status?.phase === 'Pending' && claim.metadata?.deletionTimestamp === undefined;
}

function creationFor(claim: V1PersistentVolumeClaim, place: VolumePlace): VolumeAction & { readonly kind: 'create' } {
  const { uid = '', name = '', namespace = '' } = claim.metadata ?? {};
  // One name for one claim: a pass that was cut creates nothing twice.
  const volumeName = `pvc-${uid}`;
  const path = join(place.dir, volumeName);
  const isThisNode = { key: 'kubernetes.io/hostname', operator: 'In', values: [place.node] };
  return {
    kind: 'create',
    path,
    volume: {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      // Without the annotation the controller manager would try to delete the volume itself, and mark it Failed.
      metadata: { name: volumeName, annotations: { [PROVISIONED_BY]: STORAGE_CLASS_NAME } },
      spec: {
        capacity: { storage: claim.spec?.resources?.requests?.storage ?? '1Gi' },
        accessModes: claim.spec?.accessModes ?? ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: STORAGE_CLASS_NAME,
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
        local: { path },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isThisNode] }] } },
      },
    },
  };
}

function deletionOf(volume: V1PersistentVolume, place: VolumePlace): readonly VolumeAction[] {
  const path = volume.spec?.local?.path;
  const name = volume.metadata?.name;
  const isOurs = volume.metadata?.annotations?.[PROVISIONED_BY] === STORAGE_CLASS_NAME;
  const isDue = volume.status?.phase === 'Released' && volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
  if (!isOurs || !isDue || name === undefined || path === undefined) return [];
  // The path comes from an object that people can edit: nothing but a directory of ours may be removed by it.
  if (path !== join(place.dir, name) || dirname(path) !== place.dir) return [];
  return [{ kind: 'delete', path, name }];
}
