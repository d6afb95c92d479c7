import { ANNOTATIONS, LABELS } from '../../../src/apis/v1alpha1/names.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { canonicalJson } from '../../../src/platform/digest.ts';
import { isJsonObject, type Json, type JsonObject } from '../../memory-api/rest.ts';

/** Times and counters: two ways to one end differ in them. */
const PASSING = new Set<string>([
  'resourceVersion',
  'generation',
  'observedGeneration',
  'creationTimestamp',
  'deletionTimestamp',
  'lastTransitionTime',
  'startedAt',
  'finishedAt',
  'healedAt',
  'publishedAt',
  'expiresAt',
  LABELS.expires,
  ANNOTATIONS.operation,
]);
const HASH = /(?<!sha256:)\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b/g;

/**
 * Objects in a form in which two runs that came to the same end are equal: uids are named after their objects, and what depends
 * on time or on uids alone is left out. `names` has every uid that ever was.
 */
export function fingerprint(objects: readonly KubeObject[], names: ReadonlyMap<string, string>): readonly Json[] {
  let text = JSON.stringify(
    objects.map((object) => withoutMembers(object as unknown as JsonObject, (name) => PASSING.has(name))),
  );
  for (const [uid, name] of names) text = text.replaceAll(uid, `<${name}>`).replaceAll(uid.slice(0, 8), `<${name}>`);
  const named = JSON.parse(text.replaceAll(HASH, '<hash>')) as readonly Json[];
  return named.toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1));
}

/** The value without these members, at any depth, and without what is empty when they are gone. */
export function withoutMembers(value: Json, isLeftOut: (name: string) => boolean): Json {
  if (Array.isArray(value)) return value.map((member) => withoutMembers(member, isLeftOut));
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value)
    .filter(([name]) => !isLeftOut(name))
    .map(([name, member]) => [name, withoutMembers(member, isLeftOut)] as const)
    .filter(([, member]) => !isJsonObject(member) || Object.keys(member).length > 0);
  return Object.fromEntries(kept);
}
