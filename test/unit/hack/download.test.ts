import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OfficialDownload } from '../../../hack/binaries/catalog.ts';
import { createDownloader } from '../../../hack/binaries/download.ts';

const PROGRAM = Buffer.from('#!/bin/sh\n');

describe('a download', () => {
  let dir: string;
  let server: Server;
  let base: string;
  let served: Map<string, Buffer>;
  let lines: string[];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'molecule-download-'));
    await mkdir(join(dir, 'out'));
    lines = [];
    served = new Map();
    server = createServer((request, response) => {
      const body = served.get(request.url ?? '');
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true });
  });

  function download(what: OfficialDownload): Promise<boolean> {
    const report = (line: string): void => void lines.push(line);
    const common = { isCgo: false, buildTags: [], linkerFlags: [], buildSeconds: 1, moduleFolders: [] };
    const spec = {
      ...common,
      name: 'etcd',
      version: 'v1.0.0',
      moduleDir: dir,
      goPackage: 'p',
      download: what,
    } as const;
    const final = join(dir, 'out', 'etcd');
    return createDownloader({ report }).download({ spec, temporary: `${final}.tmp`, final, report });
  }

  function serve(
    path: string,
    body: Buffer,
    digest = createHash('sha256').update(body).digest('hex'),
  ): OfficialDownload {
    served.set(path, body);
    served.set(`${path}.sha256`, Buffer.from(digest));
    return { url: `${base}${path}`, checksumUrl: `${base}${path}.sha256` };
  }

  it('becomes an executable file once its checksum is right', async () => {
    expect(await download(serve('/etcd', PROGRAM))).toBe(true);
    expect(await readFile(join(dir, 'out', 'etcd'))).toEqual(PROGRAM);
    expect((await stat(join(dir, 'out', 'etcd'))).mode & 0o777).toBe(0o755);
    expect(await readdir(join(dir, 'out'))).toEqual(['etcd']);
  });

  it('is unpacked where it is an archive', async () => {
    await mkdir(join(dir, 'etcd-v1'));
    await writeFile(join(dir, 'etcd-v1', 'README'), 'read');
    await writeFile(join(dir, 'etcd-v1', 'etcd'), PROGRAM);
    await create({ cwd: dir, file: join(dir, 'a.tgz'), gzip: true }, ['etcd-v1']);
    const archive = serve('/a.tgz', await readFile(join(dir, 'a.tgz')));
    expect(await download({ ...archive, archiveMember: 'etcd-v1/etcd' })).toBe(true);
    expect(await readFile(join(dir, 'out', 'etcd'))).toEqual(PROGRAM);
  });

  it('with a wrong checksum is refused and leaves nothing', async () => {
    await expect(download(serve('/etcd', PROGRAM, 'a'.repeat(64)))).rejects.toThrow('its sha256 is');
    expect(await readdir(join(dir, 'out'))).toEqual([]);
  });

  it('that is not there is left to the build, with a line that says so', async () => {
    expect(await download({ url: `${base}/none`, checksumUrl: `${base}/none.sha256` })).toBe(false);
    expect(lines).toEqual([`${base}/none is not there (404): building from Go modules instead`]);
  });

  it('from a host that does not answer is left to the build, with a line that says so', async () => {
    const { host } = new URL(base);
    const offer = serve('/etcd', PROGRAM);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await download(offer)).toBe(false);
    expect(lines).toEqual([`${host} cannot be reached: building from Go modules instead`]);
  });
});
