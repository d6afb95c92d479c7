import type { ApprovalRequestRecord } from '../../apis/v1alpha1/types.generated.ts';
import { canonicalJson, sha256Hex } from '../../platform/digest.ts';
import { field, list, optionalField } from './fields.ts';

/** What the hash is over: spec.record of an ApprovalRequest. Every list in it is sorted. */
export type ApprovalRecord = ApprovalRequestRecord;
export type ApprovalAction = ApprovalRecord['action'];
export type Loss = ApprovalRecord['losses'][number];

/** Version of the fields below and of their encoding; another list of fields is another version. */
const RECORD_VERSION = 1;

type Encoders<T> = { readonly [Field in keyof Required<T>]: (value: T) => string };
type RequestField = 'askers' | 'nonce' | 'expiresAt';

/** One Workspace that is lost, field by field in this order. */
const LOSS: Encoders<Loss> = {
  workspaceID: ({ workspaceID }) => field(workspaceID),
  name: ({ name }) => field(name),
  uid: ({ uid }) => field(uid),
  claimName: ({ claimName }) => optionalField(claimName),
  claimUID: ({ claimUID }) => optionalField(claimUID),
  volumeName: ({ volumeName }) => optionalField(volumeName),
  reclaimPolicy: ({ reclaimPolicy }) => optionalField(reclaimPolicy),
};

/** What is done, and to what. */
const OPERATION: Encoders<Omit<ApprovalRecord, RequestField>> = {
  version: ({ version }) => field(String(version)),
  clusterUID: ({ clusterUID }) => field(clusterUID),
  group: ({ group }) => field(group),
  kind: ({ kind }) => field(kind),
  namespace: ({ namespace }) => field(namespace),
  name: ({ name }) => field(name),
  uid: ({ uid }) => field(uid),
  specDigest: ({ specDigest }) => field(specDigest),
  action: ({ action }) => field(action),
  losses: ({ losses }) => list(losses.map((loss) => encode(LOSS, loss))),
  affected: ({ affected }) => list(affected.map(field)),
  retention: ({ retention }) => field(retention),
};

/** What makes this one request unlike any other for the same operation. */
const REQUEST: Encoders<Pick<ApprovalRecord, RequestField>> = {
  askers: ({ askers }) => list(askers.map(field)),
  nonce: ({ nonce }) => field(nonce),
  expiresAt: ({ expiresAt }) => optionalField(expiresAt),
};

/** The record of what was read, whatever the order in which it was read. */
export function buildRecord(parts: Omit<ApprovalRecord, 'version'>): ApprovalRecord {
  return {
    ...parts,
    version: RECORD_VERSION,
    losses: [...parts.losses].sort((a, b) => compare(a.workspaceID, b.workspaceID) || compare(a.uid, b.uid)),
    affected: sortedSet(parts.affected),
    askers: sortedSet(parts.askers),
  };
}

/** The text that is hashed: no two records share one. */
export function encodeRecord(record: ApprovalRecord): string {
  return encode(OPERATION, record) + encode(REQUEST, record);
}

/** spec.hash: SHA-256 in hexadecimal. */
export function hashRecord(record: ApprovalRecord): string {
  return sha256Hex(encodeRecord(record));
}

/** Whether both describe the same operation with the same losses, whoever asked for it and until when. */
export function sameOperation(a: ApprovalRecord, b: ApprovalRecord): boolean {
  return encode(OPERATION, a) === encode(OPERATION, b);
}

/** Digest of a spec as the API gives it; equal specs have equal ones, whatever the order of their members. */
export function specDigest(spec: unknown): string {
  return `sha256:${sha256Hex(canonicalJson(spec))}`;
}

function encode<T>(encoders: Encoders<T>, value: T): string {
  return Object.values<(value: T) => string>(encoders)
    .map((encoder) => encoder(value))
    .join('');
}

function sortedSet(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort(compare);
}

/** By code units, the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
