import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { arch, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256Hex } from '../../src/platform/digest.ts';
import { buildImages } from '../cluster/images.ts';
import { exists } from '../lib/files.ts';
import { cacheDir } from '../lib/paths.ts';
import type { Report } from '../lib/report.ts';
import { runOrThrow } from '../lib/run.ts';

const BASE_TAG = 'localhost/molecule-node-base:dev';

const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

/** What the distroless base has too, for names, users and questions to the DNS. */
const FILES = {
  'etc/passwd': 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnonroot:x:65532:\n',
  'etc/nsswitch.conf': 'hosts: files dns\n',
} as const;

const CONTAINERFILE = `FROM scratch
COPY rootfs/ /
COPY --chown=65532:65532 home/ /home/nonroot/
ENV SSL_CERT_FILE=${CA_BUNDLE} HOME=/home/nonroot
USER 65532:65532
`;

/**
 * A base image made of this machine's own Node and the libraries that it is linked with, for places where the official
 * base cannot be pulled. Returns the archive's path; it is kept in the cache for this Node and these libraries.
 */
export async function ensureLocalBase(options: {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}): Promise<string> {
  const node = process.execPath;
  const libraries = await findLibraries(node);
  const key = sha256Hex(JSON.stringify([process.version, arch(), libraries, FILES, CONTAINERFILE])).slice(0, 12);
  const archive = join(cacheDir(), 'images', `node-base-${process.version}-${key}.tar`);
  if (await exists(archive)) return archive;
  options.report(`Making a base image from this machine's Node ${process.version}`);
  const context = await mkdtemp(join(tmpdir(), 'molecule-base-'));
  try {
    const rootfs = join(context, 'rootfs');
    const copies = [[node, '/nodejs/bin/node'], ...libraries.map((library) => [library, library])];
    if (await exists(CA_BUNDLE)) copies.push([CA_BUNDLE, CA_BUNDLE]);
    for (const [from = '', to = ''] of copies) await copyInto(rootfs, { from, to });
    for (const [path, content] of Object.entries(FILES)) {
      await mkdir(dirname(join(rootfs, path)), { recursive: true });
      await writeFile(join(rootfs, path), content);
    }
    await mkdir(join(rootfs, 'tmp'));
    await chmod(join(rootfs, 'tmp'), 0o1777);
    await mkdir(join(context, 'home'));
    const containerfile = join(context, 'Containerfile');
    await writeFile(containerfile, CONTAINERFILE);
    await buildImages({ context, containerfile, images: [{ tag: BASE_TAG, archive }], signal: options.signal });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  return archive;
}

/** Absolute paths of the shared libraries and the loader, as `ldd` lists them. */
async function findLibraries(program: string): Promise<readonly string[]> {
  return parseLdd(await runOrThrow('ldd', [program]));
}

/** Exported for its test. */
export function parseLdd(output: string): readonly string[] {
  return output.split('\n').flatMap((line) => /(?:=>\s*)?(\/\S+)\s+\(0x/.exec(line)?.[1] ?? []);
}

async function copyInto(rootfs: string, file: { readonly from: string; readonly to: string }): Promise<void> {
  const target = join(rootfs, file.to);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(file.from, target);
}
