import { type FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ARCHIVE_LIMITS } from '../../../src/assets/archive/read-archive.ts';
import { buildBundle } from '../../../src/assets/bundle/build-bundle.ts';
import { verifyBundle } from '../../../src/assets/bundle/bundle-file.ts';
import type { BundleHead } from '../../../src/assets/bundle/format.ts';
import { createAddressPolicy } from '../../../src/assets/fetch/address-policy.ts';
import { createFluxClient } from '../../../src/assets/fetch/flux-client.ts';
import type { ForgeClient, ForgeSource } from '../../../src/assets/fetch/forge.ts';
import type { ForgeCredential } from '../../../src/assets/fetch/forge-credential.ts';
import { createAssetServer } from '../../../src/assets/server/asset-server.ts';
import { createAssetStore } from '../../../src/assets/store/asset-store.ts';
import { createAssetClient } from '../../../src/materialize/asset-client.ts';
import { includeOf } from '../../../src/materialize/config.ts';
import { obtainBundle } from '../../../src/materialize/source.ts';
import { openStateDirectory } from '../../../src/materialize/state-directory.ts';
import type { Volume } from '../../../src/materialize/volume.ts';
import { DEFAULT_INCLUDE } from '../../../src/rules/asset-path.ts';

const STORE_BYTES = 1024 ** 3;
const NO_FLUX = createFluxClient({ addresses: createAddressPolicy([]) });
export const INCLUDE = includeOf(DEFAULT_INCLUDE);

export interface Place {
  /** The init container's own directory. */
  readonly state: string;
  readonly volume: Volume;
}

export interface Bundle {
  readonly handle: FileHandle;
  readonly head: BundleHead;
}

/** How a Workspace comes by the tree of a revision, proven and on its own disk. */
export interface Way extends AsyncDisposable {
  fetch(workspace: string, place: Place): Promise<Bundle>;
}

export interface WayOptions {
  readonly forge: ForgeClient;
  readonly source: ForgeSource;
  readonly credential: ForgeCredential;
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** Through the operator's own store and server. Who a client is is taken from its token's word: no apiserver is asked. */
export async function openShared({ forge, source, credential, directory, signal }: WayOptions): Promise<Way> {
  const store = await createAssetStore({ root: join(directory, 'store'), forge, flux: NO_FLUX, maxBytes: STORE_BYTES });
  const commit = await forge.resolve(source, { credential, signal });
  const request = { source, commit, credential, include: DEFAULT_INCLUDE };
  const { digest } = await store.ensure(request, signal);
  const server = createAssetServer({
    reviewToken: async (token) => ({ namespace: 'bench', podName: token, podUID: token, serviceAccount: 'agent' }),
    authorize: ({ namespace, podUID }) => ({ workspace: { namespace, name: podUID, uid: podUID, podUID }, digest }),
    openBundle: (wanted, requestSignal) => store.open(wanted, requestSignal),
    onReport: () => undefined,
    onMissing: () => undefined,
    onError: (error) => console.error(error),
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const serverURL = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  return {
    fetch: async (workspace, { state, volume }) => {
      await mkdir(state, { recursive: true });
      const tokenFile = join(state, 'token');
      await writeFile(tokenFile, workspace);
      const client = createAssetClient({ serverURL, tokenFile });
      return obtainBundle({ wanted: digest, state: openStateDirectory(state), volume, client }, signal);
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** As if there were no operator between: each asks the forge which commit it is, downloads it and filters it. */
export async function openPerWorkspace({ forge, source, credential, signal }: WayOptions): Promise<Way> {
  return {
    fetch: async (_workspace, { state }) => {
      await mkdir(state, { recursive: true });
      const commit = await forge.resolve(source, { credential, signal });
      const { path, digest } = await buildBundle(await forge.download(source, commit, { credential, signal }), {
        include: INCLUDE,
        limits: ARCHIVE_LIMITS,
        directory: state,
        placeOf: () => join(state, 'bundle'),
        commit,
        signal,
      });
      const handle = await open(path, 'r');
      return { handle, head: await verifyBundle(handle, digest, signal) };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
