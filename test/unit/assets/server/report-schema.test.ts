import { describe, expect, it } from 'vitest';
import { decodeReport } from '../../../../src/assets/server/report-schema.ts';
import { DISPLACED_FOLDER, PATH_LIMITS } from '../../../../src/rules/asset-path.ts';

const change = { path: 'config.yaml', action: 'healed', wanted: '0123456789ab', found: 'symlink' };

function decode(keptAt: unknown): unknown {
  return decodeReport({ outcome: 'changed', files: 1, changes: [{ ...change, keptAt }], changesTotal: 1 });
}

describe('where a report says that something was kept', () => {
  it.each([
    ['the path of the longest file', `${DISPLACED_FOLDER}/${'a'.repeat(PATH_LIMITS.pathBytes)}`],
    ['a short one', `${DISPLACED_FOLDER}/a`],
  ])('is believed: %s', (_name, keptAt) => {
    expect(decode(keptAt)).toMatchObject({ changes: [{ keptAt }] });
  });

  it.each([
    ['more than any path', `${DISPLACED_FOLDER}/${'a'.repeat(PATH_LIMITS.pathBytes + 1)}`],
    ['nothing', ''],
    ['a line break', 'a\nb'],
    ['what turns the direction of the text', 'a\u202eb'],
    ['no text', 7],
  ])('is not believed: %s', (_name, keptAt) => {
    expect(decode(keptAt)).toBeUndefined();
  });
});
