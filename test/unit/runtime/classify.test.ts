import { expect, it } from 'vitest';
import { ApiError, TransportError } from '../../../src/kube/errors.ts';
import { classify, RefusedError } from '../../../src/runtime/classify.ts';

const open = new AbortController().signal;
const api = (code: number, options: { readonly reason?: string; readonly message?: string } = {}): ApiError =>
  new ApiError(options.message ?? 'no', { code, reason: options.reason ?? '' });

it.each([
  { title: 'another writer', error: api(409, { reason: 'Conflict' }), expected: 'conflict' },
  {
    title: 'a failed test of a JSON patch',
    error: api(422, { message: 'the server rejected our request due to an error in our request' }),
    expected: 'conflict',
  },
  {
    title: 'a patch that names another uid',
    error: api(422, { message: 'Pod "a" is invalid: metadata.uid: Invalid value: "x": field is immutable' }),
    expected: 'conflict',
  },
  {
    title: 'an object that the schema refuses',
    error: api(422, { message: 'spec.size: Invalid value' }),
    expected: 'refused',
  },
  { title: 'a quota, a policy, a missing right', error: api(403), expected: 'refused' },
  { title: 'an effect that says so itself', error: new RefusedError('taken'), expected: 'refused' },
  { title: 'credentials that may be rotated', error: api(401), expected: 'transient' },
  { title: 'an object that went meanwhile', error: api(404), expected: 'transient' },
  { title: 'an overloaded server', error: api(429), expected: 'transient' },
  { title: 'a server that fails', error: api(500), expected: 'transient' },
  { title: 'no answer', error: new TransportError('reset'), expected: 'transient' },
  { title: 'a bug', error: new TypeError('x is undefined'), expected: 'transient' },
])('$title is $expected', ({ error, expected }) => {
  expect(classify(error, open)).toBe(expected);
});

it('is aborted whatever was thrown once the signal is', () => {
  expect(classify(api(403), AbortSignal.abort())).toBe('aborted');
});
