import { describe, expect, it } from 'vitest';
import { createReader, sealFor } from '../../../src/platform/sealed.ts';

const SECRET = Buffer.from('what somebody wrote into a file');

describe('sealed bytes', () => {
  it('come out as they went in, also none and many', () => {
    const reader = createReader();
    for (const bytes of [SECRET, Buffer.alloc(0), Buffer.alloc(1_000_000, 7)])
      expect(reader.open(sealFor(reader.address, bytes)).equals(bytes)).toBe(true);
  });

  it('tell nobody what they are, and are never twice the same', () => {
    const { address } = createReader();
    const sealed = [sealFor(address, SECRET), sealFor(address, SECRET)];
    expect(sealed[0]).not.toBe(sealed[1]);
    for (const text of sealed) {
      expect(text).not.toContain(SECRET.toString('base64url'));
      expect(text).toMatch(/^[\w-]+\.[\w-]+$/);
    }
  });

  it('are opened by their reader alone', () => {
    const sealed = sealFor(createReader().address, SECRET);
    expect(() => createReader().open(sealed)).toThrow();
  });

  it('are refused when one character was changed on the way', () => {
    const reader = createReader();
    const sealed = sealFor(reader.address, SECRET);
    const at = sealed.indexOf('.') + 30;
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    expect(() => reader.open(changed)).toThrow();
  });

  it.each(['', 'nonsense', 'AAAA.BBBB'])('are refused when they are none: %j', (text) => {
    expect(() => createReader().open(text)).toThrow();
    expect(() => sealFor(text, SECRET)).toThrow();
  });
});
