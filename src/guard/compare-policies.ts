import { listNames } from '../conditions/name-list.ts';
import type { KubeObject } from '../kube/objects.ts';
import { firstDrift } from '../platform/first-drift.ts';

/** A policy or a binding as this release ships it. */
export interface ShippedPolicy {
  readonly kind: string;
  readonly name: string;
  readonly spec: object;
}

export interface LivePolicy extends KubeObject {
  readonly spec?: unknown;
}

/** What closes a way. */
export const INSTALL_AGAIN = 'install this release again: kubectl apply --server-side -f manifests/install.yaml';

/**
 * The apiserver fills these in where the manifest leaves them out. Whatever else live says in addition counts as open, because it
 * may narrow what is guarded: a condition, an excluded resource, a selector, a field that is not known yet.
 */
const DEFAULTS: Readonly<Record<string, string>> = { failurePolicy: 'Fail', matchPolicy: 'Equivalent', scope: '*' };

/** What is open because policies or bindings are missing or do not say what this release ships. */
export function comparePolicies(shipped: readonly ShippedPolicy[], live: readonly LivePolicy[]): readonly string[] {
  const compared = shipped.map((wanted) => {
    const found = live.find(({ kind, metadata }) => kind === wanted.kind && metadata.name === wanted.name);
    return { title: `${wanted.kind} ${wanted.name}`, found, wanted };
  });
  const missing = compared.filter(({ found }) => found === undefined).map(({ title }) => title);
  const changed = compared.flatMap(({ title, found, wanted }) => {
    if (found === undefined) return [];
    const at = firstDrift(wanted.spec, found.spec, 'spec') ?? firstAddition(found.spec, wanted.spec, 'spec');
    return at === undefined
      ? []
      : [
          `${title} was changed at ${at}: delete it, because an apply leaves in what others added, and ${INSTALL_AGAIN}`,
        ];
  });
  return missing.length === 0 ? changed : [`Missing are ${listNames(missing)}: ${INSTALL_AGAIN}`, ...changed];
}

/** The first place where `live` says more than `wanted`, of which it says everything. */
function firstAddition(live: unknown, wanted: unknown, path: string): string | undefined {
  if (typeof live !== 'object' || live === null) return undefined;
  for (const [key, member] of Object.entries(live)) {
    const at = Array.isArray(live) ? `${path}[${key}]` : `${path}.${key}`;
    const added =
      typeof wanted === 'object' && wanted !== null && Object.hasOwn(wanted, key)
        ? firstAddition(member, Reflect.get(wanted, key), at)
        : isFilledIn(key, member)
          ? undefined
          : at;
    if (added !== undefined) return added;
  }
  return undefined;
}

/** Selectors that are empty select everything. */
function isFilledIn(key: string, member: unknown): boolean {
  if (typeof member === 'object' && member !== null) return Object.keys(member).length === 0;
  return DEFAULTS[key] === member;
}
