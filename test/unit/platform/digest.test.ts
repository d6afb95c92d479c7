import { describe, expect, it } from 'vitest';
import { canonicalJson, sha256Hex } from '../../../src/platform/digest.ts';

describe('canonicalJson()', () => {
  it('gives equal values equal text, whatever the order of their keys', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe(canonicalJson({ a: null, b: [{ c: 2, d: 1 }] }));
  });

  it('leaves undefined members out and keeps the order of lists', () => {
    expect(canonicalJson({ a: undefined, b: [2, 1] })).toBe('{"b":[2,1]}');
  });
});

describe('sha256Hex()', () => {
  it('hashes the UTF-8 bytes of a string', () => {
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256Hex('ü')).toBe(sha256Hex(new Uint8Array([0xc3, 0xbc])));
  });
});
