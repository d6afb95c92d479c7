import type { TemplateAsset } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { ForgeClient } from '../../../../src/assets/fetch/forge.ts';
import { createRefCache } from '../../../../src/assets/fetch/ref-cache.ts';
import type { Artifact, AssetRequest } from '../../../../src/assets/store/asset-store.ts';
import {
  ArtifactKeeper,
  type ArtifactKeeperOptions,
} from '../../../../src/controllers/template-asset/artifact-keeper.ts';
import { SourceChecker } from '../../../../src/controllers/template-asset/source-checker.ts';
import { createLogger } from '../../../../src/platform/log.ts';
import { DIGEST, REVISION, templateAsset } from '../../../builders/objects.ts';

const { signal } = new AbortController();
export const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'forge-token' } };

/** What the world of a test does; every part may be exchanged while it runs. */
export interface World {
  secret: object | Error;
  resolve: ForgeClient['resolve'];
  ensure: (request: AssetRequest) => Promise<Partial<Artifact>>;
  /** Digests on the disk. */
  readonly onDisk: Set<string>;
}

/** Checker and keeper in a world of scripted apiserver, forge and disk, with a clock that the test moves. */
export function setUp(change: Partial<World> = {}) {
  const world: World = {
    secret: SECRET,
    resolve: async () => REVISION,
    ensure: async () => ({}),
    onDisk: new Set(),
    ...change,
  };
  let nowMs = 0;
  const calls = { secrets: [] as unknown[], resolved: 0, stored: [] as AssetRequest[] };
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
      get: async (_resource: unknown, key: unknown) => {
        calls.secrets.push(key);
        if (world.secret instanceof Error) throw world.secret;
        return world.secret;
      },
    },
    store: {
      has: async (digest: string) => world.onDisk.has(digest),
      ensure: async (request: AssetRequest) => {
        calls.stored.push(request);
        const artifact = await world.ensure(request);
        const whole = { commit: request.commit, digest: DIGEST, sizeBytes: 10, files: 2, isCached: false, ...artifact };
        world.onDisk.add(whole.digest);
        return whole;
      },
    },
  } as unknown as ArtifactKeeperOptions;
  const checker = new SourceChecker({ ...options, refs });
  const keeper = new ArtifactKeeper(options);
  return {
    world,
    calls,
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

export function encoded(value: string): object {
  return { ...SECRET, data: { token: Buffer.from(value).toString('base64') } };
}
