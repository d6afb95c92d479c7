import { createHash, type Hash } from 'node:crypto';

/** What a repository names its objects by. */
export type GitHash = 'sha1' | 'sha256';

/** A repository has one kind of ids, and their length tells which. */
export function gitHashOf(id: string): GitHash {
  return id.length === 64 ? 'sha256' : 'sha1';
}

/** Begins the id of an object; it is fed its content, exactly `sizeBytes` of it, and its digest in hex is the id. */
export function beginObject(kind: 'blob' | 'tree' | 'commit', sizeBytes: number, hash: GitHash): Hash {
  return createHash(hash).update(`${kind} ${sizeBytes}\0`);
}

export function objectId(kind: 'blob' | 'tree' | 'commit', content: Buffer, hash: GitHash): string {
  return beginObject(kind, content.length, hash).update(content).digest('hex');
}
