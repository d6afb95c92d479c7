import { DatabaseError } from 'pg';
import { describe, expect, it } from 'vitest';
import { parseLedgerURL } from '../../../src/ledger/postgres/address.ts';
import { ledgerFailure } from '../../../src/ledger/postgres/failure.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';

const ADDRESS = parseLedgerURL('postgres://me:secret@db/ledger');

function fromServer(code: string): DatabaseError {
  const error = new DatabaseError('the server says no', 1, 'error');
  error.code = code;
  return error;
}

describe('ledgerFailure', () => {
  it.each([
    ['08006', 'connection failure'],
    ['28P01', 'wrong password'],
    ['3D000', 'no such database'],
    ['40001', 'serialization failure'],
    ['40P01', 'deadlock'],
    ['53300', 'too many connections'],
    ['55P03', 'lock timeout'],
    ['57014', 'statement timeout'],
    ['57P01', 'shutdown'],
    ['58030', 'I/O error'],
    ['25006', 'standby'],
  ])('calls SQLSTATE %s (%s) unavailable', (code) => {
    const cause = fromServer(code);
    const failure = ledgerFailure(cause, ADDRESS);
    expect(failure).toBeInstanceOf(LedgerUnavailableError);
    expect(failure.message).toBe('Cannot use the ledger at postgres://me@db/ledger: the server says no');
    expect(failure.cause).toBe(cause);
  });

  it.each([
    ['23505', 'unique violation'],
    ['42P01', 'undefined table'],
    ['42501', 'insufficient privilege'],
    ['25001', 'active transaction'],
    ['55000', 'not in prerequisite state'],
  ])('leaves SQLSTATE %s (%s) as it is', (code) => {
    const error = fromServer(code);
    expect(ledgerFailure(error, ADDRESS)).toBe(error);
  });

  it('leaves defects of ours and what is unavailable already as they are', () => {
    for (const error of [new TypeError('x'), new RangeError('x'), new LedgerUnavailableError('x')]) {
      expect(ledgerFailure(error, ADDRESS)).toBe(error);
    }
  });

  it('calls everything unavailable that no server answered, and says why even when the error does not', () => {
    const refused = new AggregateError([
      new Error('connect ECONNREFUSED ::1'),
      new Error('connect ECONNREFUSED 127.0.0.1'),
    ]);
    expect(ledgerFailure(refused, ADDRESS).message).toMatch(
      /: connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1$/,
    );
    expect(ledgerFailure(new Error('Connection terminated'), ADDRESS)).toBeInstanceOf(LedgerUnavailableError);
  });
});
