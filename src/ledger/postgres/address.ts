/** Where a ledger is: what the driver connects to, and what people may read. */
export interface LedgerAddress {
  readonly url: string;
  /** Scheme, user, host and database. Without the password and without the query, which may hold keys. */
  readonly display: string;
}

/** Throws a RangeError that does not repeat the text: it may be a password in the wrong place. */
export function parseLedgerURL(text: string): LedgerAddress {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')) {
    throw new RangeError(
      'Cannot use the ledger URL: it is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE',
    );
  }
  const user = url.username === '' ? '' : `${url.username}@`;
  return { url: text, display: `${url.protocol}//${user}${url.host}${url.pathname}` };
}
