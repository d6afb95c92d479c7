import { describe, expect, it } from 'vitest';
import { parseLedgerURL } from '../../../src/ledger/postgres/address.ts';

describe('parseLedgerURL', () => {
  it.each([
    ['postgres://me:secret@db:5432/ledger?sslmode=verify-full&password=secret', 'postgres://me@db:5432/ledger'],
    ['postgresql://db/ledger', 'postgresql://db/ledger'],
    ['postgres:///ledger?host=/run/postgresql', 'postgres:///ledger'],
  ])('shows %s without password and query, and connects to the whole', (url, display) => {
    expect(parseLedgerURL(url)).toEqual({ url, display });
  });

  it.each(['', 'secret', 'mysql://me:secret@db/ledger', 'postgres://me:sec ret@:x/ledger'])(
    'refuses "%s" without repeating it',
    (text) => {
      const form = 'postgres://USER:PASSWORD@HOST:PORT/DATABASE';
      expect(() => parseLedgerURL(text)).toThrow(
        new RangeError(`Cannot use the ledger URL: it is not of the form ${form}`),
      );
    },
  );
});
