import { VERSION } from '../../apis/v1alpha1/names.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { firstDrift } from '../../platform/first-drift.ts';
import { type Found, find } from '../read-object.ts';
import { counted } from '../text.ts';
import { failed, forbidden, orOk, type Problem, unknown, warning } from './finding.ts';
import type { Manifested } from './manifest.ts';
import type { DoctorSource } from './source.ts';

const CRDS = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
} as const;

export interface LiveCRD extends KubeObject {
  readonly spec?: {
    readonly versions?: readonly { readonly name: string; readonly served: boolean; readonly storage: boolean }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface ComparedCRD {
  readonly wanted: Manifested;
  readonly found: Found<LiveCRD>;
}

export const INSTALL = 'Install this release: kubectl apply --server-side -f manifests/install.yaml';
export const NO_MANIFEST = unknown(
  'There is nothing to compare with: manifests/install.yaml is not beside this program',
  'Link the program into your PATH instead of copying it out of its package',
);

export async function readCRDs({
  client,
  manifest,
  signal,
}: DoctorSource): Promise<readonly ComparedCRD[] | undefined> {
  if (manifest === undefined) return undefined;
  const reads = manifest.crds.map(async (wanted) => {
    const key = { namespace: '', name: wanted.metadata.name };
    return { wanted, found: await find(client.get<LiveCRD>(CRDS, key, { signal })) };
  });
  return Promise.all(reads);
}

export function judgeCRDs(compared: readonly ComparedCRD[] | undefined): readonly Problem[] {
  if (compared === undefined) return [NO_MANIFEST];
  const unreadable = compared.find(({ found }) => found.kind === 'unreadable');
  if (unreadable?.found.kind === 'unreadable') return [forbidden(unreadable.found.message)];
  return orOk(compared.flatMap(judgeCRD), `${counted(compared.length, 'CRD')} established and of this release`);
}

function judgeCRD({ wanted, found }: ComparedCRD): readonly Problem[] {
  const { name } = wanted.metadata;
  if (found.kind !== 'found') return [failed(`${name} is not installed`, INSTALL)];
  const { spec, status } = found.value;
  if (!status?.conditions?.some(({ type, status: state }) => type === 'Established' && state === 'True'))
    return [failed(`${name} is not established`, `See why: kubectl describe crd ${name}`)];
  const version = spec?.versions?.find((candidate) => candidate.name === VERSION);
  if (version?.served !== true || version.storage !== true)
    return [failed(`${name} does not serve and store ${VERSION}`, INSTALL)];
  const drift = firstDrift(wanted.spec, spec, 'spec');
  return drift === undefined ? [] : [warning(`${name} is of another release: it differs at ${drift}`, INSTALL)];
}
