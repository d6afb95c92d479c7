/**
 * The encoding that hashes and names of approvals are made over. Every field says its own length, so that no two lists of
 * fields give the same text, whatever characters stand in them.
 */

/**
 * `5:hello,` with the length in bytes of UTF-8. Text that is no Unicode (half a surrogate pair) has no bytes of its own and
 * would be taken for another; it is refused with a RangeError.
 */
export function field(text: string): string {
  if (!text.isWellFormed())
    throw new RangeError('Cannot encode a text that is not Unicode; write it without lone surrogates');
  return `${Buffer.byteLength(text)}:${text},`;
}

/** An absent field is none that is empty. */
export function optionalField(text: string | undefined): string {
  return text === undefined ? '-' : field(text);
}

/** `2[…]` with the count of its members, each of which is encoded already. */
export function list(members: readonly string[]): string {
  return `${members.length}[${members.join('')}]`;
}
