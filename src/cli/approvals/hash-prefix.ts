/** As much of a hash as has to be repeated: nobody hits it by chance, and nobody makes a record with the same beginning in passing. */
export const LEAST_CHARACTERS = 8;
const SHOWN_CHARACTERS = 12;

/** What commands print of a hash where there is no room for all of it. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHOWN_CHARACTERS);
}

/** Whether it can be the beginning of a hash that somebody looked at. */
export function isHashPrefix(text: string): boolean {
  return text.length >= LEAST_CHARACTERS && /^[0-9a-f]{1,64}$/.test(text);
}
