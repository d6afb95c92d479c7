import { OPERATOR_NAME, OPERATOR_NAMESPACE } from '../apis/v1alpha1/names.ts';
import { LEASES } from '../apis/v1alpha1/resources.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { ClusterClient } from './connect.ts';
import { type Found, find } from './read-object.ts';

/** A Lease is renewed three times as often as it has to be; twice its time leaves room for clocks that differ. */
const STALE_FACTOR = 2;

/** The Lease of the operator that leads. */
export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string | null;
    readonly renewTime?: string | null;
    readonly leaseDurationSeconds?: number | null;
  };
}

export function readLease(client: ClusterClient, signal: AbortSignal): Promise<Found<Lease>> {
  return find(client.get<Lease>(LEASES, { namespace: OPERATOR_NAMESPACE, name: OPERATOR_NAME }, { signal }));
}

/** Free: held by nobody. Stale: by one that does not renew it. */
export type Leadership =
  | { readonly kind: 'free' }
  | { readonly kind: 'held' | 'stale'; readonly holder: string; readonly renewedAt: string };

export function leadershipOf({ spec }: Lease, now: Date): Leadership {
  const { holderIdentity: holder, renewTime: renewedAt, leaseDurationSeconds } = spec ?? {};
  if (!holder || !renewedAt) return { kind: 'free' };
  const staleMs = (leaseDurationSeconds ?? 0) * 1000 * STALE_FACTOR;
  const isStale = now.getTime() - Date.parse(renewedAt) > staleMs;
  return { kind: isStale ? 'stale' : 'held', holder, renewedAt };
}
