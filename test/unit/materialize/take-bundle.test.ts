import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStateDirectory } from '../../../src/materialize/state-directory.ts';
import { takeBundle } from '../../../src/materialize/take-bundle.ts';
import { bundleOf, makePlace, WANTED } from './fixture.ts';

const MOST_BYTES = 264 * 1024 * 1024;

it('ends with the first byte that no bundle has any more, and keeps nothing', async () => {
  const place = await makePlace();
  let asked = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      asked += 1;
      yield Buffer.alloc(1);
      if (asked > 10) throw new Error('Nobody wanted so many');
    }
  }
  const proof = await takeBundle(endless(), {
    wanted: bundleOf(WANTED).digest,
    state: openStateDirectory(place.root),
    path: join(place.root, 'taken'),
    behind: MOST_BYTES - 2,
    signal: new AbortController().signal,
  });
  expect({ proof, asked, isLeft: existsSync(join(place.root, 'taken')) }).toEqual({
    proof: undefined,
    asked: 3,
    isLeft: false,
  });
  await place.remove();
});
