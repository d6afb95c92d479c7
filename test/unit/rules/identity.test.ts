import { describe, expect, it } from 'vitest';
import { childName, platformAgentID } from '../../../src/rules/identity.ts';

describe('platformAgentID()', () => {
  it('is uuidv5 of the Org id, in lower case, whatever the case of the Org id', () => {
    expect(platformAgentID('6BA7B811-9DAD-11D1-80B4-00C04FD430C8')).toBe(
      platformAgentID('6ba7b811-9dad-11d1-80b4-00c04fd430c8'),
    );
    expect(platformAgentID('6ba7b811-9dad-11d1-80b4-00c04fd430c8')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-/);
  });

  it('differs between Orgs', () => {
    expect(platformAgentID('6ba7b811-9dad-11d1-80b4-00c04fd430c8')).not.toBe(
      platformAgentID('6ba7b811-9dad-11d1-80b4-00c04fd430c9'),
    );
  });
});

describe('childName()', () => {
  const incarnation = '0f3c9a52-7d54-4b8e-9a65-6b8a1f0c2d3e';

  it('joins the name with the first eight digits of the incarnation', () => {
    expect(childName('researcher', incarnation)).toBe('researcher-0f3c9a52');
  });

  it('fits a hostname and never ends its first part in a dot or dash', () => {
    expect(childName(`${'a'.repeat(39)}-b`, incarnation)).toBe(`${'a'.repeat(39)}-0f3c9a52`);
    expect(childName('x'.repeat(63), incarnation).length).toBeLessThanOrEqual(63);
  });
});
