import { ANNOTATIONS, LABELS } from '../../apis/v1alpha1/names.ts';
import { PERSISTENT_VOLUME_CLAIMS } from '../../apis/v1alpha1/resources.ts';
import { rfc3339 } from '../../conditions/summarise.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { parseExpiry } from '../../rules/expiry.ts';
import { timeLeft } from '../age.ts';
import { explainFailure } from '../cluster-failure.ts';
import type { ClusterClient } from '../connect.ts';
import { listAll } from '../list-all.ts';
import { CLI_API_VERSION } from '../print-structured.ts';
import { alignRows } from '../text.ts';

/** The data of a deleted Workspace. Members are added, never renamed or removed; null means not known. */
export interface KeptVolume {
  readonly namespace: string;
  /** Name of the deleted Workspace. */
  readonly workspace: string;
  readonly claim: string;
  readonly uid: string;
  readonly incarnation: string;
  readonly size: string | null;
  readonly createdAt: string | null;
  /** Null: it is kept without end. */
  readonly keptUntil: string | null;
  /** Somebody has asked for it already. */
  readonly isAskedBack: boolean;
}

export interface KeptVolumeList {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'KeptVolumeList';
  readonly items: readonly KeptVolume[];
}

interface Claim extends KubeObject {
  readonly spec?: { readonly resources?: { readonly requests?: { readonly storage?: string } } };
}

/** By namespace and name, the newest of a name first. `namespace`: all when undefined. */
export async function listKeptVolumes(
  client: ClusterClient,
  { namespace, signal }: { readonly namespace: string | undefined; readonly signal: AbortSignal },
): Promise<readonly KeptVolume[]> {
  const selection = { labelSelector: LABELS.expires, signal, ...(namespace === undefined ? {} : { namespace }) };
  try {
    const claims = await listAll<Claim>(client, PERSISTENT_VOLUME_CLAIMS, selection);
    return claims.map(keptVolume).toSorted(byName);
  } catch (error) {
    const where = namespace === undefined ? 'all namespaces' : `namespace "${namespace}"`;
    throw explainFailure(error, {
      what: 'list the volumes that are kept',
      right: `the right to list persistentvolumeclaims in ${where}`,
    });
  }
}

function keptVolume({ metadata, spec }: Claim): KeptVolume {
  const { namespace = '', name, uid = '', labels = {}, annotations = {}, creationTimestamp = null } = metadata;
  const keptUntil = parseExpiry(labels[LABELS.expires] ?? '');
  return {
    namespace,
    workspace: labels[LABELS.workspace] ?? '',
    claim: name,
    uid,
    incarnation: annotations[ANNOTATIONS.incarnation] ?? labels[LABELS.incarnation] ?? '',
    size: spec?.resources?.requests?.storage ?? null,
    createdAt: creationTimestamp,
    keptUntil: keptUntil === undefined ? null : rfc3339(keptUntil),
    isAskedBack: annotations[ANNOTATIONS.restore] !== undefined,
  };
}

function byName(a: KeptVolume, b: KeptVolume): number {
  const [one, other] = [a, b].map(({ namespace, workspace }) => `${namespace}/${workspace}`);
  if (one !== other) return (one ?? '') < (other ?? '') ? -1 : 1;
  return (b.createdAt ?? '') < (a.createdAt ?? '') ? -1 : 1;
}

/** One line per volume. */
export function renderKeptVolumes(
  volumes: readonly KeptVolume[],
  { now, isEverywhere }: { readonly now: Date; readonly isEverywhere: boolean },
): readonly string[] {
  const heading = [
    ...(isEverywhere ? ['NAMESPACE'] : []),
    'WORKSPACE',
    'INCARNATION',
    'SIZE',
    'KEPT UNTIL',
    'LEFT',
    'VOLUME',
  ];
  const rows = volumes.map((volume) => [
    ...(isEverywhere ? [volume.namespace] : []),
    volume.workspace,
    volume.incarnation,
    volume.size ?? '-',
    volume.keptUntil ?? 'without end',
    timeLeft(volume.keptUntil, now),
    volume.claim,
  ]);
  return alignRows([heading, ...rows]);
}

export function listOf(items: readonly KeptVolume[]): KeptVolumeList {
  return { apiVersion: CLI_API_VERSION, kind: 'KeptVolumeList', items };
}
