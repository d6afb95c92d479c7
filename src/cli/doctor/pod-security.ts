import { ORGS } from '../../apis/v1alpha1/resources.ts';
import type { Org } from '../../apis/v1alpha1/types.generated.ts';
import type { KubeObject, Resource } from '../../kube/objects.ts';
import { listAll } from '../list-all.ts';
import { type Found, find } from '../read-object.ts';
import { counted } from '../text.ts';
import { forbidden, orOk, type Problem, warning } from './finding.ts';
import type { DoctorSource } from './source.ts';

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };
const ENFORCE = 'pod-security.kubernetes.io/enforce';

/** The namespaces that have an Org. */
export function readOrgNamespaces({ client, namespace, signal }: DoctorSource): Promise<Found<readonly KubeObject[]>> {
  const read = async (): Promise<readonly KubeObject[]> => {
    const orgs = await listAll<Org>(client, ORGS, { signal, ...(namespace === undefined ? {} : { namespace }) });
    return Promise.all(
      orgs.map(({ metadata }) => {
        const key = { namespace: '', name: metadata.namespace ?? '' };
        return client.get<KubeObject>(NAMESPACES, key, { signal });
      }),
    );
  };
  return find(read());
}

export function judgePodSecurity(found: Found<readonly KubeObject[]>): readonly Problem[] {
  if (found.kind === 'unreadable') return [forbidden(found.message)];
  const namespaces = found.kind === 'found' ? found.value : [];
  const open = namespaces
    .filter(({ metadata }) => !['baseline', 'restricted'].includes(metadata.labels?.[ENFORCE] ?? ''))
    .map(({ metadata }) => metadata.name)
    .sort();
  const problems = open.map((name) =>
    warning(
      `Namespace "${name}" lets anybody who may create Pods there run privileged ones beside the agents`,
      `kubectl label namespace ${name} ${ENFORCE}=restricted`,
    ),
  );
  return orOk(problems, `Pod security is enforced where there is an Org (${counted(namespaces.length, 'namespace')})`);
}
