import type { TemplateAsset } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { ForgeClient } from '../../../../src/assets/fetch/forge.ts';
import { createRefCache } from '../../../../src/assets/fetch/ref-cache.ts';
import { type AssetRequest, checkRequest, type ForgeRequest } from '../../../../src/assets/store/asset-request.ts';
import type { Artifact } from '../../../../src/assets/store/asset-store.ts';
import { createCommitCache } from '../../../../src/assets/verify/commit-cache.ts';
import {
  ArtifactKeeper,
  type ArtifactKeeperOptions,
} from '../../../../src/controllers/template-asset/artifact-keeper.ts';
import { SourceChecker } from '../../../../src/controllers/template-asset/source-checker.ts';
import { SourceVerifier } from '../../../../src/controllers/template-asset/source-verifier.ts';
import type { Resource } from '../../../../src/kube/objects.ts';
import { createLogger } from '../../../../src/platform/log.ts';
import { DIGEST, REVISION, templateAsset } from '../../../builders/objects.ts';

const { signal } = new AbortController();
export const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'forge-token' } };

const TODAY = '2026-06-01T00:00:00Z';

/** What the world of a test does; every part may be exchanged while it runs. */
export interface World {
  secret: object | Error;
  resolve: ForgeClient['resolve'];
  readCommit: ForgeClient['readCommit'];
  /** The ConfigMap of spec.verify. */
  signers: object | Error;
  ensure: (request: AssetRequest) => Promise<Partial<Artifact>>;
  /** Digests on the disk. */
  readonly onDisk: Set<string>;
}

/** Checker and keeper in a world of scripted apiserver, forge and disk, with a clock that the test moves. */
export function setUp(change: Partial<World> = {}) {
  const world: World = {
    secret: SECRET,
    resolve: async () => REVISION,
    readCommit: async () => ({ isVerified: false, reason: 'unsigned', payload: '', signature: '' }),
    signers: {},
    ensure: async () => ({}),
    onDisk: new Set(),
    ...change,
  };
  let nowMs = 0;
  const calls = { secrets: [] as unknown[], resolved: 0, stored: [] as ForgeRequest[] };
  const asked = { configMaps: [] as unknown[], commits: 0 };
  const lines: string[] = [];
  const log = createLogger({ name: 'test', level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const time = { now: () => nowMs, random: () => 0 };
  const refs = createRefCache({
    ...time,
    forge: {
      resolve: (source, options) => {
        calls.resolved += 1;
        return world.resolve(source, options);
      },
    },
  });
  const options = {
    ...time,
    log,
    client: {
      get: async (resource: Resource, key: unknown) => {
        if (resource.kind === 'ConfigMap') {
          asked.configMaps.push(key);
          if (world.signers instanceof Error) throw world.signers;
          return world.signers;
        }
        calls.secrets.push(key);
        if (world.secret instanceof Error) throw world.secret;
        return world.secret;
      },
    },
    store: {
      has: async (digest: string) => world.onDisk.has(digest),
      ensure: async (request: AssetRequest) => {
        if ('commit' in request) calls.stored.push(request);
        const artifact = await world.ensure(request);
        const whole = {
          revision: checkRequest(request).revision,
          digest: DIGEST,
          sizeBytes: 10,
          files: 2,
          ignored: 0,
          isCached: false,
          ...artifact,
        };
        world.onDisk.add(whole.digest);
        return whole;
      },
    },
  } as unknown as ArtifactKeeperOptions;
  const commits = createCommitCache({
    ...time,
    forge: {
      readCommit: (source, commit, call) => {
        asked.commits += 1;
        return world.readCommit(source, commit, call);
      },
    },
  });
  const verifier = new SourceVerifier({ client: options.client, commits, today: () => new Date(TODAY) });
  const checker = new SourceChecker({ ...options, refs, verifier });
  const keeper = new ArtifactKeeper(options);
  return {
    world,
    calls,
    /** What was asked for to verify a revision. */
    asked,
    lines,
    check: (asset: TemplateAsset, until: AbortSignal = signal) => checker.check(asset, until),
    restore: (asset: TemplateAsset) => {
      const artifact = asset.status?.artifact;
      if (artifact === undefined) throw new Error('This TemplateAsset publishes nothing');
      return keeper.restore(asset, artifact, signal);
    },
    wait: (ms: number) => {
      nowMs += ms;
    },
  };
}

export function withToken(base: TemplateAsset = templateAsset('claude')): TemplateAsset {
  return { ...base, spec: { ...base.spec, auth: 'token', secretRef: { name: 'forge-token', key: 'token' } } };
}

/** The forge of `templateSource` is what it is for, unless `hosts` says otherwise. */
export function encoded(value: string, hosts = 'git.example.com'): object {
  const data = { token: value, allowedHosts: hosts };
  return {
    ...SECRET,
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
  };
}
