import { exists, findProgram } from '../lib/files.ts';
import type { Report } from '../lib/report.ts';
import { run, runOrThrow } from '../lib/run.ts';

/** What a node needs of the machine, and the Debian package that brings it. */
export const NODE_PACKAGES = {
  containerd: 'containerd',
  'containerd-shim-runc-v2': 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  ip: 'iproute2',
  umount: 'mount',
  openssl: 'openssl',
} as const;

/** What building an image needs. */
export const IMAGE_PACKAGES = { buildah: 'buildah', runc: 'runc' } as const;

const CNI_PACKAGE = 'containernetworking-plugins';
const CNI_DIRS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];

const BUSYBOX_PACKAGE = 'busybox-static';

export interface InstallOptions {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
}

/** Makes sure that the programs are there: installs their Debian packages as root, else says in one line what is missing. */
export async function ensurePrograms(needed: Readonly<Record<string, string>>, options: InstallOptions): Promise<void> {
  const missing: string[] = [];
  for (const [program, debianPackage] of Object.entries(needed)) {
    if ((await findProgram(program)) === undefined) missing.push(debianPackage);
  }
  await install(missing, options);
}

/** The directory with the CNI plugins `bridge` and `host-local`. */
export async function ensureCniPlugins(options: InstallOptions): Promise<string> {
  const find = async (): Promise<string | undefined> => {
    for (const dir of CNI_DIRS) if ((await exists(`${dir}/bridge`)) && (await exists(`${dir}/host-local`))) return dir;
    return undefined;
  };
  return (await find()) ?? (await installed(CNI_PACKAGE, find, options));
}

/** A busybox that needs no library. */
export async function ensureStaticBusybox(options: InstallOptions): Promise<string> {
  const find = async (): Promise<string | undefined> => {
    const busybox = await findProgram('busybox', ['/bin']);
    if (busybox === undefined) return undefined;
    const libraries = await run('ldd', [busybox]);
    return libraries.code === 0 ? undefined : busybox;
  };
  return (await find()) ?? (await installed(BUSYBOX_PACKAGE, find, options));
}

async function installed(
  debianPackage: string,
  find: () => Promise<string | undefined>,
  options: InstallOptions,
): Promise<string> {
  await install([debianPackage], options);
  const found = await find();
  if (found === undefined) throw new Error(`Cannot find what the package ${debianPackage} should bring`);
  return found;
}

async function install(debianPackages: readonly string[], options: InstallOptions): Promise<void> {
  const wanted = [...new Set(debianPackages)].sort();
  if (wanted.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || (await findProgram('apt-get')) === undefined) {
    throw new Error(
      `Cannot go on: this machine lacks ${wanted.join(', ')} (names of Debian packages). Install them and run again`,
    );
  }
  options.report(`Installing Debian packages: ${wanted.join(' ')}`);
  const args = ['install', '-y', '--no-install-recommends', ...wanted];
  const environment = { env: { DEBIAN_FRONTEND: 'noninteractive' }, signal: options.signal };
  // Package lists of a fresh machine are missing or too old; fetching them first each time would be slower.
  if ((await run('apt-get', args, environment)).code === 0) return;
  await runOrThrow('apt-get', ['update'], { ...environment, action: 'update the lists of Debian packages' });
  await runOrThrow('apt-get', args, { ...environment, action: `install ${wanted.join(', ')}` });
}
