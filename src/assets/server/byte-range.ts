/** A digest names the bytes themselves, so it is a strong ETag (RFC 9110, 8.8.3). */
export function etagOf(digest: string): string {
  return `"${digest}"`;
}

/**
 * The first byte that a request wants, undefined for the whole. Only `bytes=N-` is understood, which is how a transfer is
 * resumed; every other range is ignored, as RFC 9110 (14.2) allows. With an If-Range that names other bytes the whole is
 * what the sender wants.
 */
export function readFirstByte(
  headers: { readonly range?: string | undefined; readonly 'if-range'?: string | undefined },
  etag: string,
): number | undefined {
  const condition = headers['if-range'];
  if (condition !== undefined && condition !== etag) return undefined;
  const first = /^bytes=(\d{1,15})-$/.exec(headers.range ?? '')?.[1];
  return first === undefined ? undefined : Number(first);
}
