import { type IncludeSet, parseInclude } from '../rules/asset-path.ts';
import { isTreeDigest } from '../rules/asset-tree.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';

export interface PodConfig {
  readonly wanted: string;
  readonly include: IncludeSet;
  readonly serverURL: string;
  readonly tokenFile: string;
  readonly target: string;
  readonly stateDirectory: string;
}

export const POD_DEFAULTS = {
  target: '/configs',
  stateDirectory: '/var/lib/materialize',
  tokenFile: '/var/run/secrets/moleculesai.app/assets/token',
} as const;

/**
 * What the Pod says. Digest and include come from its annotations through the downward API, which is read anew at each
 * in-place restart. undefined: this workspace has no template, by design.
 * @throws MaterializeError tryAgain while the operator has not said yet what is wanted, usage for a Pod made wrongly
 */
export function readPodConfig(env: Readonly<Record<string, string | undefined>>): PodConfig | undefined {
  const wanted = env.ASSETS_DIGEST;
  if (wanted === undefined) return undefined;
  if (wanted === '')
    throw new MaterializeError(EXIT.tryAgain, 'Cannot start: the operator has not said yet which assets are wanted');
  if (!isTreeDigest(wanted)) throw new MaterializeError(EXIT.usage, 'Cannot start: ASSETS_DIGEST is not a tree digest');
  const serverURL = env.ASSET_SERVER_URL ?? '';
  if (!/^https?:\/\//.test(serverURL) || !URL.canParse(serverURL)) {
    throw new MaterializeError(EXIT.usage, 'Cannot start: ASSET_SERVER_URL is not an http(s) address');
  }
  return { ...POD_DEFAULTS, wanted, include: includeOf(readGlobs(env.ASSETS_INCLUDE ?? '')), serverURL };
}

/** @throws MaterializeError usage */
export function includeOf(globs: readonly string[]): IncludeSet {
  const parsed = parseInclude(globs);
  if (parsed.kind === 'invalid') throw new MaterializeError(EXIT.usage, `Cannot start: ${parsed.message}`);
  return parsed.include;
}

function readGlobs(text: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (Array.isArray(value) && value.every((glob: unknown): glob is string => typeof glob === 'string')) return value;
  throw new MaterializeError(EXIT.usage, 'Cannot start: ASSETS_INCLUDE is not a JSON list of paths');
}
