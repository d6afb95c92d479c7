/**
 * The project's images: `node hack/image.ts build` makes them from dist/ (make build) and the Containerfile, and loads
 * them into the development cluster if one is up. Other scripts call ensureImages.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { importImage } from './cluster/containerd.ts';
import { buildImages, type ImageTarget } from './cluster/images.ts';
import { loadKindImage } from './cluster/kind.ts';
import { clusterLayout } from './cluster/layout.ts';
import { ensurePrograms, IMAGE_PACKAGES } from './cluster/packages.ts';
import { type ClusterState, readCluster } from './cluster/state.ts';
import { ensureLocalBase } from './image/base.ts';
import { listTree, readIfExists, writeAtomically } from './lib/files.ts';
import { runMain } from './lib/main.ts';
import { CHECKOUT_DIR, DEV_DIR } from './lib/paths.ts';
import { formatSeconds, type Report, reportToStdout } from './lib/report.ts';

/** Names of the images. They change with every build, so Pods in use are not what these names lead to later. */
export const IMAGES = {
  operator: 'localhost/molecule-operator:dev',
  mockAgent: 'localhost/molecule-mock-agent:dev',
} as const;

const CONTAINERFILE = join(CHECKOUT_DIR, 'Containerfile');
const DIST_DIR = join(CHECKOUT_DIR, 'dist');
const IMAGES_DIR = join(DEV_DIR, 'images');
const STAMP_FILE = join(IMAGES_DIR, 'inputs');
const BASE_REGISTRY = 'https://gcr.io/v2/';
const CONNECT_TIMEOUT_MS = 3_000;

const TARGETS: readonly ImageTarget[] = [
  { tag: IMAGES.operator, stage: 'operator', archive: join(IMAGES_DIR, 'operator.tar') },
  { tag: IMAGES.mockAgent, stage: 'mock-agent', archive: join(IMAGES_DIR, 'mock-agent.tar') },
];

export interface EnsureImagesOptions {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds the images unless dist/ and Containerfile are those of the last build, and loads them into the cluster, if there
 * is one. Concurrent calls are not provided for.
 */
export async function ensureImages(cluster: ClusterState | undefined, options: EnsureImagesOptions): Promise<void> {
  const inputs = await digestInputs();
  const isBuilt = (await readIfExists(STAMP_FILE)) === inputs;
  if (isBuilt) options.report('The images are up to date');
  else await build(inputs, options);
  if (cluster !== undefined) await load(cluster, { ...options, inputs });
}

async function build(inputs: string, options: EnsureImagesOptions): Promise<void> {
  const startedAt = performance.now();
  await ensurePrograms(IMAGE_PACKAGES, options);
  const hasRegistry = await canReach(BASE_REGISTRY);
  if (!hasRegistry)
    options.report(`${new URL(BASE_REGISTRY).host} cannot be reached: using a base made on this machine`);
  await buildImages({
    context: CHECKOUT_DIR,
    containerfile: CONTAINERFILE,
    buildArgs: hasRegistry ? {} : { BASE: `docker-archive:${await ensureLocalBase(options)}` },
    images: TARGETS,
    signal: options.signal,
  });
  await writeAtomically(STAMP_FILE, inputs);
  const names = TARGETS.map(({ tag }) => tag).join(', ');
  options.report(`Built ${names} in ${formatSeconds(performance.now() - startedAt)}`);
}

async function load(cluster: ClusterState, options: EnsureImagesOptions & { readonly inputs: string }): Promise<void> {
  const layout = clusterLayout();
  // In the cluster's directory, so that it goes with the cluster.
  const loadedFile = join(layout.clusterDir, 'images-loaded');
  if ((await readIfExists(loadedFile)) === options.inputs) return;
  if (cluster.kind === 'existing') {
    options.report(`The images are in ${IMAGES_DIR}: bring them to the existing cluster yourself`);
    return;
  }
  for (const { archive } of TARGETS) {
    if (cluster.kind === 'kind') await loadKindImage(layout, archive, options.signal);
    else await importImage(layout, archive, options.signal);
  }
  await writeAtomically(loadedFile, options.inputs);
  options.report(`Loaded the images into the ${cluster.kind} cluster`);
}

/** One digest over the names and contents of everything that goes into the image, and the Node of a local base. */
async function digestInputs(): Promise<string> {
  const files = await listTree(DIST_DIR);
  if (files.length === 0) throw new Error('Cannot build the images: dist/ is empty. Run make build first');
  const hash = createHash('sha256').update(process.version);
  for (const file of [CONTAINERFILE, ...files.map((name) => join(DIST_DIR, name))]) {
    hash.update(`\0${file.slice(CHECKOUT_DIR.length)}\0`).update(await readFile(file));
  }
  return hash.digest('hex');
}

async function canReach(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) }).then(
    () => true,
    () => false,
  );
}

async function main(signal: AbortSignal): Promise<void> {
  const program = new Command('image').description(`The project's images: ${Object.values(IMAGES).join(', ')}`);
  program
    .command('build')
    .description('build them if their inputs changed, and load them into the cluster if one is up')
    .action(() => readCluster().then((cluster) => ensureImages(cluster, { report: reportToStdout, signal })));
  await program.parseAsync();
}

if (import.meta.main) await runMain(main);
