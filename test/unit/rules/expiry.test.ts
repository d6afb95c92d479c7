import { describe, expect, it } from 'vitest';
import { formatExpiry, parseExpiry } from '../../../src/rules/expiry.ts';

describe('an expiry as the value of a label', () => {
  it('is a time in UTC, to the second, in letters that a label takes', () => {
    const label = formatExpiry(new Date('2026-11-28T10:00:00.750Z'));
    expect(label).toBe('20261128T100000Z');
    expect(label).toMatch(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
  });

  it('is read back as it was written', () => {
    expect(parseExpiry('20261128T100000Z')).toEqual(new Date('2026-11-28T10:00:00Z'));
  });

  it.each(['', 'never', '20261328T100000Z', '20261128T100000', 'x20261128T100000Z', '2026-11-28T10:00:00Z'])(
    'is none that can be due when it reads "%s"',
    (label) => {
      expect(parseExpiry(label)).toBeUndefined();
    },
  );
});
