import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeRecord, escapeConfusables } from '../../../../src/rules/approval/describe.ts';
import { recordPairs } from './record-pairs.ts';
import { RECORD } from './records.ts';

describe('describeRecord()', () => {
  it('says what goes, what becomes of its data, who is affected, who asked and until when', () => {
    expect(describeRecord(RECORD)).toBe(
      `Delete "Workspace" "writer" in namespace "acme".

Action:  "delete_workspace"
Object:  uid "00000000-0000-4000-8000-000000000001" of group "moleculesai.app", in the cluster "00000000-0000-4000-8000-00000000c1a5"
Spec:    "sha256:abababababababababababababababababababababababababababababababab"

1 Workspace is lost:
- "writer", id "00000000-0000-4000-8000-0000000000a1", uid "00000000-0000-4000-8000-000000000001"
  claim "writer-00000000", claim uid "00000000-0000-4000-8000-0000000000b1", PersistentVolume "pvc-1", reclaim policy Delete: the storage erases the data once the claim is gone
Their volumes are kept for 7 days (retention "168h") and can be brought back until then; after that they are erased without another question.

2 Workspaces stay, but lose their parent:
- "editor"
- "proofreader"

Asked for by the following, none of whom may approve it:
- "jane@example.com"

An approval is good for this one operation, once, until "2026-11-28T10:00:00Z".
Record of version 1, nonce "AAAAAAAAAAAAAAAAAAAAAA".`,
    );
  });

  it('says that the platform agent comes back without its data', () => {
    expect(describeRecord({ ...RECORD, name: 'platform-agent' })).toContain('made again at once, on an EMPTY volume');
    expect(describeRecord({ ...RECORD, name: 'platform-agents' })).not.toContain('EMPTY');
    expect(describeRecord({ ...RECORD, kind: 'TemplateAsset', name: 'platform-agent' })).not.toContain('EMPTY');
  });

  it('says of a template who loses it, and that no data goes', () => {
    const text = describeRecord({
      ...RECORD,
      kind: 'TemplateAsset',
      action: 'delete_template_asset',
      losses: [],
      affected: ['editor'],
    });
    expect(text).toContain('No Workspace and no volume is lost');
    expect(text).toContain('1 Workspace stays, but loses its template:\n- "editor"');
  });

  it.each([
    ['0s', 'are erased AT ONCE (retention "0s"): nothing can bring them back'],
    ['36h', 'are kept for 1 day 12 hours (retention "36h")'],
    ['90m1s', 'are kept for 1 hour 30 minutes 1 second (retention "90m1s")'],
  ])('tells the retention %s in words', (retention, words) => {
    expect(describeRecord({ ...RECORD, retention })).toContain(words);
  });

  it.each([
    ['Retain', 'the storage keeps the data'],
    ['Recycle', 'the storage wipes the data'],
  ] as const)('says what the reclaim policy %s means', (reclaimPolicy, words) => {
    const [loss] = RECORD.losses;
    if (loss === undefined) throw new Error('The record has no loss');
    expect(describeRecord({ ...RECORD, losses: [{ ...loss, reclaimPolicy }] })).toContain(words);
  });

  it('says of an agent without a volume that it has none', () => {
    const loss = { workspaceID: 'a', name: 'reviewer', uid: 'b' };
    expect(describeRecord({ ...RECORD, losses: [loss] })).toContain(
      '- "reviewer", id "a", uid "b"\n  without a volume\nNo volume goes with them (retention "168h").',
    );
  });

  it('says when nobody is known to have asked', () => {
    expect(describeRecord({ ...RECORD, askers: [] })).toContain('Nobody is known to have asked for it.');
  });

  it('lists everything, however long', () => {
    const affected = Array.from({ length: 2_000 }, (_, index) => `agent-${index}`);
    const text = describeRecord({ ...RECORD, affected });
    expect(affected.filter((name) => !text.includes(`- "${name}"\n`))).toEqual([]);
  });

  it('reads differently for records that differ', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(recordPairs, ([original, mutated]) => describeRecord(original) !== describeRecord(mutated)),
      { numRuns: 2_000 },
    );
  });

  it('has nothing in it but printable ASCII', () => {
    fc.assert(
      fc.property(recordPairs, ([record]) => /^[\n -~]*$/.test(describeRecord(record))),
      { numRuns: 500 },
    );
  });
});

describe('escapeConfusables()', () => {
  it.each([
    ['what everybody can tell apart, as it is', 'Writer-1 (a/b) {c} [d] 100%', 'Writer-1 (a/b) {c} [d] 100%'],
    ['a Cyrillic letter among Latin ones', 'p\u0430ypal', 'p\\u{430}ypal'],
    ['marks that turn the direction', 'a\u202eb\u2066', 'a\\u{202e}b\\u{2066}'],
    ['what has no width', 'a\u200b\u200d\ufeffb', 'a\\u{200b}\\u{200d}\\u{feff}b'],
    ['characters beyond the first plane', '\u{1d41a}\u{e0061}', '\\u{1d41a}\\u{e0061}'],
    ['letters of every other script', '\u00e9\u4e2d', '\\u{e9}\\u{4e2d}'],
    ['what moves the cursor', 'a\n\r\t\u001b[2Kb\u007f', 'a\\u{a}\\u{d}\\u{9}\\u{1b}[2Kb\\u{7f}'],
    ['the quote that would end a name', 'a", "b', 'a\\u{22}, \\u{22}b'],
    ['the backslash that begins an escape', 'a\\u{430}', 'a\\u{5c}u{430}'],
    ['half a surrogate pair', 'a\ud83d', 'a\\u{d83d}'],
  ])('shows %s', (_sentence, text, shown) => {
    expect(escapeConfusables(text)).toBe(shown);
  });

  it('shows no two texts alike', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '\\', 'u', '{', '}', '"', '5', 'c', '\u00e9', '\u200b'),
      maxLength: 6,
    });
    fc.assert(fc.property(text, text, (a, b) => a === b || escapeConfusables(a) !== escapeConfusables(b)));
  });
});
