import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { namesBelow } from '../../torture/volume/names-below.ts';
import { makePlace } from './fixture.ts';

it('looks at a link and not through it, so that a folder with links back to itself has an end', async () => {
  const place = await makePlace();
  mkdirSync(join(place.target, 'folder'));
  writeFileSync(join(place.target, 'folder/file'), '');
  symlinkSync('..', join(place.target, 'folder/back'));
  expect(namesBelow(place.target)).toEqual(['folder', 'folder/back', 'folder/file']);
  await place.remove();
});
