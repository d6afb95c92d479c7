import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findMigrations } from '../../../src/ledger/find-migrations.ts';

describe('findMigrations', () => {
  it('finds them beside a bundle, in the source tree, or says that they are missing', async () => {
    const root = await mkdtemp(join(tmpdir(), 'find-migrations-'));
    onTestFinished(() => rm(root, { recursive: true }));
    const program = pathToFileURL(join(root, 'bin', 'operator.mjs')).href;
    expect(() => findMigrations(program)).toThrow(/^Cannot find the migrations of the ledger: /);
    await mkdir(join(root, 'ledger', 'migrations'), { recursive: true });
    expect(findMigrations(program)).toBe(join(root, 'ledger', 'migrations'));
    await mkdir(join(root, 'bin', 'migrations'), { recursive: true });
    expect(findMigrations(program)).toBe(join(root, 'bin', 'migrations'));
  });
});
