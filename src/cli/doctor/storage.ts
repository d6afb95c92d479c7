import type { KubeObject, Resource } from '../../kube/objects.ts';
import { listAll } from '../list-all.ts';
import { type Found, find } from '../read-object.ts';
import { forbidden, ok, type Problem, warning } from './finding.ts';
import type { DoctorSource } from './source.ts';

const STORAGE_CLASSES: Resource = {
  group: 'storage.k8s.io',
  version: 'v1',
  plural: 'storageclasses',
  kind: 'StorageClass',
  namespaced: false,
};
const IS_DEFAULT = 'storageclass.kubernetes.io/is-default-class';

export function readStorageClasses({ client, signal }: DoctorSource): Promise<Found<readonly KubeObject[]>> {
  return find(listAll<KubeObject>(client, STORAGE_CLASSES, { signal }));
}

export function judgeStorageClasses(found: Found<readonly KubeObject[]>): readonly Problem[] {
  if (found.kind !== 'found') return [forbidden(found.kind === 'unreadable' ? found.message : 'there are none')];
  const defaults = found.value.filter(({ metadata }) => metadata.annotations?.[IS_DEFAULT] === 'true');
  if (defaults.length > 0)
    return [ok(`StorageClass ${defaults.map(({ metadata }) => metadata.name).join(', ')} is the default`)];
  return [
    warning(
      'No StorageClass is the default, so the volume of an agent that names none is never bound',
      `Annotate one: kubectl annotate storageclass NAME ${IS_DEFAULT}=true, or set spec.defaults.storage.className on every Org`,
    ),
  ];
}
