import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AssetFile,
  compareByBytes,
  createPathRegister,
  decodeTree,
  isTreeDigest,
  reduceMode,
  sortTree,
  treeDigest,
} from '../../../src/rules/asset-tree.ts';

const SHA = 'a'.repeat(64);
const file: AssetFile = { path: 'prompts/system.md', mode: 0o644, sizeBytes: 12, sha256: SHA };

const files = fc.uniqueArray(
  fc.record({
    path: fc.string({ unit: fc.constantFrom('a', 'b', 'c', '/', '1', ':', 'é'), minLength: 1, maxLength: 12 }),
    mode: fc.constantFrom<AssetFile['mode']>(0o644, 0o755),
    sizeBytes: fc.nat(),
    sha256: fc.string({ unit: fc.constantFrom('0', '1', 'a', 'f'), minLength: 64, maxLength: 64 }),
  }),
  { selector: ({ path }) => path, maxLength: 8 },
);

describe('tree digest', () => {
  it('is the same for every order of the files', () => {
    fc.assert(
      fc.property(
        files.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          expect(treeDigest(shuffled)).toBe(treeDigest(list));
        },
      ),
    );
  });

  it('differs for different trees', () => {
    fc.assert(
      fc.property(files, files, (a, b) => {
        const isSame = JSON.stringify(sortTree(a)) === JSON.stringify(sortTree(b));
        expect(treeDigest(a) === treeDigest(b)).toBe(isSame);
      }),
    );
  });

  it.each([
    ['path', { path: 'prompts/system.md2' }],
    ['mode', { mode: 0o755 }],
    ['size', { sizeBytes: 13 }],
    ['content', { sha256: `b${SHA.slice(1)}` }],
  ] as const)('changes with the %s of a file', (_field, change) => {
    expect(treeDigest([{ ...file, ...change }])).not.toBe(treeDigest([file]));
  });

  it('does not take two fields that join to the same text for one another', () => {
    const joined = (path: string, sizeBytes: number) => treeDigest([{ ...file, path, sizeBytes, mode: 0o644 }]);
    expect(joined('a1', 2)).not.toBe(joined('a', 12));
    expect(treeDigest([])).not.toBe(treeDigest([{ ...file, path: '' }]));
  });

  it('has a fixed value, because it is stored in status and on disks', () => {
    expect(treeDigest([file])).toBe('sha256:dcccdb032a92f5e5a2ec6a3016b88145258165bb77caa7dd1a8168e7315a30ea');
    expect(isTreeDigest(treeDigest([file]))).toBe(true);
    expect(isTreeDigest(`sha256:${'A'.repeat(64)}`)).toBe(false);
  });
});

describe('order', () => {
  it('is by UTF-8 bytes and not by UTF-16 units', () => {
    const paths = ['\u{1f389}', '\uff5e', 'b', 'a/b', 'a'];
    expect(sortTree(paths.map((path) => ({ ...file, path }))).map(({ path }) => path)).toEqual([
      'a',
      'a/b',
      'b',
      '\uff5e',
      '\u{1f389}',
    ]);
  });
});

describe('the order of two texts', () => {
  it('is that of their bytes, with and without other letters than those of ASCII', () => {
    const unit = fc.constantFrom('a', 'b', '/', '\0', '\x7f', '\x80', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}');
    const text = fc.string({ unit, maxLength: 6 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareByBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('mode', () => {
  it.each([
    [0o644, 0o644],
    [0o600, 0o644],
    [0o664, 0o644],
    [0o775, 0o755],
    [0o010, 0o755],
    [0o4711, 0o755],
  ])('%i becomes %i', (given, mode) => {
    expect(reduceMode(given)).toBe(mode);
  });
});

describe('path register', () => {
  it.each([
    [['a', 'a'], 'DuplicatePath'],
    [['README.md', 'readme.md'], 'PathCollision'],
    [['caf\u00e9', 'cafe\u0301'], 'PathCollision'],
    [['stra\u00dfe', 'STRASSE'], 'PathCollision'],
    [['Dir/a', 'dir/b'], 'PathCollision'],
    [['a', 'a/b'], 'FileAndFolder'],
    [['a/b', 'a'], 'FileAndFolder'],
  ])('refuses %j with %s', ([first = '', second = ''], fault) => {
    const register = createPathRegister();
    expect(register.addFile(first)).toBeUndefined();
    expect(register.addFile(second)).toBe(fault);
  });

  it('lets folders repeat and refuses a file in place of one', () => {
    const register = createPathRegister();
    expect([register.addFolder('a'), register.addFolder('a'), register.addFile('a/b'), register.addFile('a')]).toEqual([
      undefined,
      undefined,
      undefined,
      'FileAndFolder',
    ]);
  });
});

describe('decoding a tree', () => {
  it('gives back what was encoded', () => {
    const tree = sortTree([file, { ...file, path: 'config.yaml', mode: 0o755 }]);
    expect(decodeTree(JSON.parse(JSON.stringify(tree)))).toEqual(tree);
  });

  it.each([
    ['no list', { files: [] }],
    ['no object', ['x']],
    ['a strange mode', [{ ...file, mode: 0o777 }]],
    ['a negative size', [{ ...file, sizeBytes: -1 }]],
    ['a fraction of a byte', [{ ...file, sizeBytes: 1.5 }]],
    ['a short hash', [{ ...file, sha256: 'abc' }]],
    ['traversal', [{ ...file, path: '../x' }]],
    ['a path of the agent', [{ ...file, path: 'MEMORY.md' }]],
    ['our own folder', [{ ...file, path: '.molecule/bundle' }]],
    ['a path twice', [file, file]],
    ['files out of order', [file, { ...file, path: 'config.yaml' }]],
    [
      'colliding names',
      [
        { ...file, path: 'A' },
        { ...file, path: 'a' },
      ],
    ],
    [
      'a file below a file',
      [
        { ...file, path: 'a' },
        { ...file, path: 'a/b' },
      ],
    ],
  ])('refuses %s', (_what, value) => {
    expect(() => decodeTree(value)).toThrow(/Cannot read tree/);
  });
});
