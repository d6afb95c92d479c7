import { describe, expect, it } from 'vitest';
import { decodeInventory, encodeInventory } from '../../../src/materialize/inventory.ts';

const listOf = (count: number) => Array.from({ length: count }, (_, index) => ({ path: `p${index}`, sha256: ['a'] }));

describe('decodeInventory()', () => {
  it('reads what was written', () => {
    const inventory = new Map([['config.yaml', new Set(['a', 'b'])]]);
    expect(decodeInventory(encodeInventory(inventory))).toEqual(inventory);
  });

  it.each([
    ['nothing', ''],
    ['another version', JSON.stringify({ version: 2, files: [] })],
    ['no list', JSON.stringify({ version: 1 })],
    ['a path that is none', JSON.stringify({ version: 1, files: [{ path: 1, sha256: [] }] })],
    ['more paths than we would ever write', JSON.stringify({ version: 1, files: listOf(20_001) })],
  ])('takes %s for no inventory, because the agent can write it', (_name, text) => {
    expect(decodeInventory(text)).toBeUndefined();
  });
});
