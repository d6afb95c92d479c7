import { createHash } from 'node:crypto';

/** Lower-case hex sha256 of a string (UTF-8) or of bytes. */
export function sha256Hex(input: string | Uint8Array): string {
  return createHash('sha256').update(input).digest('hex');
}

/**
 * JSON with object keys sorted at every level and undefined members left out, so that equal values give equal text.
 * For comparing and naming our own plain data; not for anything that a human approves.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
