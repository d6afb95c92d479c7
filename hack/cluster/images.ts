import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exists, writeAtomically } from '../lib/files.ts';
import { cacheDir } from '../lib/paths.ts';
import { runOrThrow } from '../lib/run.ts';
import { canOverlay } from './overlay.ts';
import { ensurePrograms, ensureStaticBusybox, IMAGE_PACKAGES, type InstallOptions } from './packages.ts';

/** Holds a Pod's namespaces. Tagged with a version: it changes when the image does. */
export const PAUSE_IMAGE = 'localhost/molecule-pause:1';

export interface ImageTarget {
  readonly tag: string;
  /** A stage of the Containerfile. @default the last one */
  readonly stage?: string;
  /** Where the image is written to, in the form that `ctr images import` and `kind load` read. */
  readonly archive: string;
}

export interface BuildImagesOptions {
  /** Directory with the files that are copied. */
  readonly context: string;
  readonly containerfile: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly images: readonly ImageTarget[];
  readonly signal?: AbortSignal | undefined;
}

/** Builds images without a daemon and without privileges that a container lacks, and writes each to its archive file. */
export async function buildImages(options: BuildImagesOptions): Promise<void> {
  const { context, containerfile, signal } = options;
  const store = await mkdtemp(join(tmpdir(), 'molecule-buildah-'));
  const driver = (await canOverlay(store)) ? 'overlay' : 'vfs';
  const buildah = ['--storage-driver', driver, '--root', join(store, 'root'), '--runroot', join(store, 'run')];
  const buildArgs = Object.entries(options.buildArgs ?? {}).flatMap(([key, value]) => [
    '--build-arg',
    `${key}=${value}`,
  ]);
  try {
    for (const { tag, stage, archive } of options.images) {
      const target = stage === undefined ? [] : ['--target', stage];
      const source = ['-f', containerfile, context];
      await runOrThrow(
        'buildah',
        [...buildah, 'bud', '--isolation', 'chroot', '--layers', ...buildArgs, ...target, '-t', tag, ...source],
        { signal, action: `build the image ${tag}` },
      );
      const temporary = join(store, 'image.tar');
      await runOrThrow('buildah', [...buildah, 'push', tag, `docker-archive:${temporary}:${tag}`], {
        signal,
        action: `write the image ${tag}`,
      });
      await moveInto(temporary, archive);
    }
  } finally {
    await rm(store, { recursive: true, force: true });
  }
}

/** Replaces the file whole or not at all, also from another file system. */
async function moveInto(source: string, target: string): Promise<void> {
  const beside = `${target}.${process.pid}.tmp`;
  await mkdir(dirname(target), { recursive: true });
  await copyFile(source, beside);
  await rename(beside, target);
  await rm(source);
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
    await buildImages({ context, containerfile, images: [{ tag: PAUSE_IMAGE, archive }], signal: options.signal });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  return archive;
}
