import { closeSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Anchor, below, isStillAt, openDirectoryBelow, openRoot } from '../../../src/materialize/anchored.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'anchored-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('a folder that was moved to where no path leads is no longer at its place', () => {
  using opened = new DisposableStack();
  const root = opened.adopt(openRoot(directory), ({ fd }) => closeSync(fd));
  let folder: Anchor = root;
  for (let depth = 0; depth < 20; depth++) {
    mkdirSync(below(folder, 'x'.repeat(250)));
    folder = opened.adopt(openDirectoryBelow(folder, 'x'.repeat(250)), ({ fd }) => closeSync(fd));
  }
  expect(isStillAt(folder, root, 'prompts')).toBe(false);
});
