import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BINARY_NAMES, describeBinary } from '../../../hack/binaries/catalog.ts';
import { ensureBinary } from '../../../hack/binaries.ts';
import { cacheDir, checkoutId } from '../../../hack/lib/paths.ts';

describe('ensureBinary', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'molecule-binaries-'));
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(dir, { recursive: true });
  });

  it('takes what KUBE_ASSETS holds before anything else', async () => {
    vi.stubEnv('KUBE_ASSETS', dir);
    vi.stubEnv('MOLECULE_CACHE', dir);
    await writeFile(join(dir, 'etcd'), '');
    await chmod(join(dir, 'etcd'), 0o755);
    expect(await ensureBinary('etcd')).toBe(join(dir, 'etcd'));
  });

  it.each(BINARY_NAMES)('knows the pinned version of %s, and its checksum beside the download', async (name) => {
    const spec = await describeBinary(name);
    expect(spec.version).toMatch(/^v\d+\.\d+\.\d+$/);
    expect(spec.download.url).toContain(spec.version.slice(1));
    expect(new URL(spec.download.checksumUrl).host).toBe(new URL(spec.download.url).host);
  });
});

describe('cacheDir', () => {
  it.each([
    { env: { MOLECULE_CACHE: '/c', XDG_CACHE_HOME: '/x', HOME: '/h' }, expected: '/c' },
    { env: { XDG_CACHE_HOME: '/x', HOME: '/h' }, expected: '/x/molecule-operator' },
    { env: { HOME: '/h' }, expected: '/h/.cache/molecule-operator' },
  ])('is $expected for $env', ({ env, expected }) => {
    expect(cacheDir(env)).toBe(expected);
  });
});

describe('checkoutId', () => {
  it('tells checkouts apart', () => {
    expect(checkoutId('/a')).not.toBe(checkoutId('/b'));
    expect(checkoutId('/a')).toMatch(/^[0-9a-f]{8}$/);
  });
});
