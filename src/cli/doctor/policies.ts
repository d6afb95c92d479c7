import type { Resource } from '../../kube/objects.ts';
import { firstDrift } from '../../platform/first-drift.ts';
import { type Found, find } from '../read-object.ts';
import { counted } from '../text.ts';
import { MUTATING_POLICIES_FROM, readVersion } from './apiserver.ts';
import { INSTALL, NO_MANIFEST } from './crds.ts';
import { failed, forbidden, orOk, type Problem, warning } from './finding.ts';
import type { Manifested } from './manifest.ts';
import type { DoctorSource } from './source.ts';

export interface ComparedPolicy {
  readonly wanted: Manifested;
  readonly found: Found<Manifested>;
}

export interface PolicyFacts {
  readonly policies: readonly ComparedPolicy[];
  /** Without it the operator puts the finalizer on in its first pass. */
  readonly hasMutatingPolicies: boolean;
}

export async function readPolicies(source: DoctorSource): Promise<PolicyFacts | undefined> {
  const { client, manifest, signal } = source;
  if (manifest === undefined) return undefined;
  const { major, minor } = await readVersion(source);
  const reads = manifest.policies.map(async (wanted) => {
    const key = { namespace: '', name: wanted.metadata.name };
    return { wanted, found: await find(client.get<Manifested>(resourceOf(wanted), key, { signal })) };
  });
  return { policies: await Promise.all(reads), hasMutatingPolicies: major > 1 || minor >= MUTATING_POLICIES_FROM };
}

function resourceOf({ kind }: Manifested): Resource {
  const plural = `${kind.toLowerCase()}s`.replace(/ys$/, 'ies');
  return { group: 'admissionregistration.k8s.io', version: 'v1', plural, kind, namespaced: false };
}

export function judgePolicies(facts: PolicyFacts | undefined): readonly Problem[] {
  if (facts === undefined) return [NO_MANIFEST];
  const expected = facts.policies.filter(
    ({ wanted }) => facts.hasMutatingPolicies || !wanted.kind.startsWith('Mutating'),
  );
  const unreadable = expected.find(({ found }) => found.kind === 'unreadable');
  if (unreadable?.found.kind === 'unreadable') return [forbidden(unreadable.found.message)];
  const missing = expected.filter(({ found }) => found.kind === 'missing').map(({ wanted }) => wanted);
  return orOk(
    [...judgeMissing(missing), ...expected.flatMap(judgeDrift)],
    `${counted(expected.length, 'object')} of admission policies installed and of this release`,
  );
}

/** A mutating policy closes a gap of moments, a validating one forbids for good. */
function judgeMissing(missing: readonly Manifested[]): readonly Problem[] {
  const [mutating = [], validating = []] = [true, false].map((isMutating) =>
    missing.filter(({ kind }) => kind.startsWith('Mutating') === isMutating).map(nameOf),
  );
  return [
    ...(validating.length === 0
      ? []
      : [failed(`What they forbid is possible, for lack of: ${validating.join(', ')}`, INSTALL)]),
    ...(mutating.length === 0
      ? []
      : [warning(`A new object is unguarded for a moment, for lack of: ${mutating.join(', ')}`, INSTALL)]),
  ];
}

function judgeDrift({ wanted, found }: ComparedPolicy): readonly Problem[] {
  const drift = found.kind === 'found' ? firstDrift(wanted.spec, found.value.spec, 'spec') : undefined;
  return drift === undefined
    ? []
    : [failed(`${nameOf(wanted)} is of another release: it differs at ${drift}`, INSTALL)];
}

function nameOf({ kind, metadata }: Manifested): string {
  return `${kind} ${metadata.name}`;
}
