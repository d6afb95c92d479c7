import { readFile } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';

export const BINARY_NAMES = [
  'etcd',
  'kube-apiserver',
  'kubectl',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'gitea',
] as const;

export type BinaryName = (typeof BINARY_NAMES)[number];

export function isBinaryName(name: string): name is BinaryName {
  return BINARY_NAMES.some((known) => known === name);
}

export interface BinarySpec {
  readonly name: BinaryName;
  /** With the leading v, as in the go.mod that pins it. */
  readonly version: string;
  /** Folder with the go.mod and go.sum. */
  readonly moduleDir: string;
  readonly goPackage: string;
  readonly isCgo: boolean;
  readonly buildTags: readonly string[];
  readonly linkerFlags: readonly string[];
  /** Measured with cold caches on two cores, downloads of modules included. */
  readonly buildSeconds: number;
  readonly download: OfficialDownload;
  /** Folders of the Go module that the program reads at run time when it was built from there. */
  readonly moduleFolders: readonly string[];
}

export interface OfficialDownload {
  readonly url: string;
  /** Either the bare digest or lines of `digest  file`. */
  readonly checksumUrl: string;
  /** The file inside, when the download is a .tar.gz. */
  readonly archiveMember?: string;
}

const BUILD_SECONDS: Readonly<Record<BinaryName, number>> = {
  etcd: 71,
  'kube-apiserver': 240,
  kubectl: 26,
  'kube-controller-manager': 68,
  'kube-scheduler': 5,
  kubelet: 20,
  gitea: 270,
};

/** How to obtain a program for this machine. Versions come from the go.mod files, so there is one place to change. */
export async function describeBinary(name: BinaryName): Promise<BinarySpec> {
  const cpu = arch() === 'x64' ? 'amd64' : arch();
  const os = platform();
  const common = { name, buildSeconds: BUILD_SECONDS[name], buildTags: [], moduleFolders: [], isCgo: false };
  const kubernetesDir = join(import.meta.dirname, 'kubernetes');
  switch (name) {
    case 'gitea': {
      const moduleDir = join(import.meta.dirname, 'gitea');
      const version = await pinnedVersion(moduleDir, 'code.gitea.io/gitea');
      const number = version.slice(1);
      const url = `https://dl.gitea.com/gitea/${number}/gitea-${number}-${os}-${cpu}`;
      return {
        ...common,
        version,
        moduleDir,
        goPackage: 'code.gitea.io/gitea',
        isCgo: true,
        buildTags: ['sqlite', 'sqlite_unlock_notify'],
        linkerFlags: ['-X', `main.Version=${number}`],
        download: { url, checksumUrl: `${url}.sha256` },
        moduleFolders: ['options', 'public', 'templates'],
      };
    }
    case 'etcd': {
      const version = await pinnedVersion(kubernetesDir, 'go.etcd.io/etcd/server/v3');
      const release = `https://github.com/etcd-io/etcd/releases/download/${version}`;
      const folder = `etcd-${version}-${os}-${cpu}`;
      return {
        ...common,
        version,
        moduleDir: kubernetesDir,
        goPackage: 'go.etcd.io/etcd/server/v3',
        linkerFlags: [],
        download: {
          url: `${release}/${folder}.tar.gz`,
          checksumUrl: `${release}/SHA256SUMS`,
          archiveMember: `${folder}/etcd`,
        },
      };
    }
    case 'kube-apiserver':
    case 'kube-controller-manager':
    case 'kube-scheduler':
    case 'kubectl':
    case 'kubelet': {
      const version = await pinnedVersion(kubernetesDir, 'k8s.io/kubernetes');
      const url = `https://dl.k8s.io/release/${version}/bin/${os}/${cpu}/${name}`;
      return {
        ...common,
        version,
        moduleDir: kubernetesDir,
        goPackage: `k8s.io/kubernetes/cmd/${name}`,
        linkerFlags: kubernetesVersionFlags(version),
        download: { url, checksumUrl: `${url}.sha256` },
      };
    }
    default:
      return name satisfies never;
  }
}

// Without these, a build from modules calls itself v0.0.0-master and kubectl, kubelet and apiserver refuse each other.
function kubernetesVersionFlags(version: string): readonly string[] {
  const [major = '', minor = ''] = version.slice(1).split('.');
  const values = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: 'unknown',
    buildDate: '1970-01-01T00:00:00Z',
  };
  return Object.entries(values).flatMap(([key, value]) => ['-X', `k8s.io/component-base/version.${key}=${value}`]);
}

async function pinnedVersion(moduleDir: string, modulePath: string): Promise<string> {
  const lines = (await readFile(join(moduleDir, 'go.mod'), 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  const line = lines.find((words) => words[0] === modulePath || (words[0] === 'require' && words[1] === modulePath));
  const version = line?.find((word) => /^v\d/.test(word));
  if (version === undefined)
    throw new Error(`Cannot tell the version of ${modulePath}: ${moduleDir}/go.mod does not require it`);
  return version;
}
