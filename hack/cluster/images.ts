import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exists, writeAtomically } from '../lib/files.ts';
import { cacheDir } from '../lib/paths.ts';
import { runOrThrow } from '../lib/run.ts';
import { ensurePrograms, ensureStaticBusybox, IMAGE_PACKAGES, type InstallOptions } from './packages.ts';

/** Holds a Pod's namespaces. Tagged with a version: it changes when the image does. */
export const PAUSE_IMAGE = 'localhost/molecule-pause:1';

export interface BuildImageOptions {
  /** Directory with the files that are copied. */
  readonly context: string;
  readonly containerfile: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly tag: string;
  /** Where the image is written to, in the form that `ctr images import` and `kind load` read. */
  readonly archive: string;
  readonly signal?: AbortSignal | undefined;
}

/** Builds an image without a daemon and without privileges that a container lacks, and writes it to an archive file. */
export async function buildImage(options: BuildImageOptions): Promise<void> {
  const temporary = `${options.archive}.${process.pid}.tmp`;
  await mkdir(dirname(options.archive), { recursive: true });
  const store = await mkdtemp(join(tmpdir(), 'molecule-buildah-'));
  const buildah = ['--storage-driver', 'vfs', '--root', join(store, 'root'), '--runroot', join(store, 'run')];
  const buildArgs = Object.entries(options.buildArgs ?? {}).flatMap(([key, value]) => [
    '--build-arg',
    `${key}=${value}`,
  ]);
  try {
    await runOrThrow(
      'buildah',
      [
        ...buildah,
        'bud',
        '--isolation',
        'chroot',
        ...buildArgs,
        '-t',
        options.tag,
        '-f',
        options.containerfile,
        options.context,
      ],
      { signal: options.signal, action: `build the image ${options.tag}` },
    );
    await runOrThrow('buildah', [...buildah, 'push', options.tag, `oci-archive:${temporary}:${options.tag}`], {
      signal: options.signal,
      action: `write the image ${options.tag}`,
    });
    await rename(temporary, options.archive);
  } finally {
    await rm(temporary, { force: true });
    await rm(store, { recursive: true, force: true });
  }
}

/** The pause image's archive, built from the machine's static busybox if the cache has none. */
export async function ensurePauseArchive(options: InstallOptions): Promise<string> {
  const archive = join(cacheDir(), 'images', `${PAUSE_IMAGE.replaceAll(/[/:]/g, '-')}.tar`);
  if (await exists(archive)) return archive;
  const busybox = await ensureStaticBusybox(options);
  await ensurePrograms(IMAGE_PACKAGES, options);
  const context = await mkdtemp(join(tmpdir(), 'molecule-pause-'));
  try {
    const containerfile = join(context, 'Containerfile');
    await runOrThrow('cp', [busybox, join(context, 'busybox')]);
    await writeAtomically(
      containerfile,
      'FROM scratch\nCOPY busybox /busybox\nENTRYPOINT ["/busybox", "sleep", "2147483647"]\n',
    );
    await buildImage({ context, containerfile, tag: PAUSE_IMAGE, archive, signal: options.signal });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  return archive;
}
