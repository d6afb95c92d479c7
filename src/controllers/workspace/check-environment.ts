import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { listNames } from '../../conditions/name-list.ts';
import { canonicalJson, sha256Hex } from '../../platform/digest.ts';
import { isCredential, isPlatformVariable } from '../../rules/environment.ts';
import { type Blocker, stalled, waiting } from './blocker.ts';
import type { SecretReading } from './secret-reader.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

/** How often Workspaces with Secrets look whether these changed: nobody tells us, because Secrets are never watched. */
const ROTATION_RECHECK_MS = 120_000;
/** How soon a Secret that keeps an agent from starting is looked for again. */
const MISSING_RECHECK_MS = 15_000;

export interface ResolvedEnvironment {
  readonly blocker?: Blocker;
  /** Digest over the values that spec.env takes from Secrets; absent when it takes none, or they could not be read. */
  readonly secretsHash?: string;
  /** When to look at the Secrets again. */
  readonly recheckMs?: number;
}

/** The keys of each Secret that spec.env names, both sorted. */
export function secretKeys({ spec }: Workspace): ReadonlyMap<string, readonly string[]> {
  const refs = (spec.env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []);
  const names = [...new Set(refs.map(({ name }) => name))].sort();
  return new Map(
    names.map((name) => [name, [...new Set(refs.filter((ref) => ref.name === name).map(({ key }) => key))].sort()]),
  );
}

/**
 * Whether spec.env can be given to the agent, and how it learns that a Secret was rotated. What cannot be read now, because
 * the apiserver fails and not because it is missing, stops no agent that runs and starts none.
 */
export function resolveEnvironment(
  snapshot: Pick<WorkspaceSnapshot, 'workspace' | 'pod' | 'secrets'>,
): ResolvedEnvironment {
  const forbidden = refuseVariables(snapshot.workspace);
  if (forbidden !== undefined) return { blocker: forbidden };
  const wanted = secretKeys(snapshot.workspace);
  if (wanted.size === 0) return {};
  const missing = findMissing(wanted, snapshot.secrets);
  if (missing !== undefined) return { blocker: missing, recheckMs: MISSING_RECHECK_MS };
  const unread = [...wanted.keys()].filter((name) => snapshot.secrets.get(name)?.kind !== 'found');
  if (unread.length === 0) {
    return { secretsHash: hashSecrets(snapshot.secrets), recheckMs: ROTATION_RECHECK_MS };
  }
  if (snapshot.pod !== undefined) return { recheckMs: MISSING_RECHECK_MS };
  const message = `The Secrets of spec.env cannot be read now (${listNames(unread)}); the agent starts once they can`;
  return { blocker: waiting(REASONS.secretNotRead, message), recheckMs: MISSING_RECHECK_MS };
}

/** The CRD refuses the platform's names too; an object from before it did, or from a restored backup, ends here. */
function refuseVariables({ spec }: Workspace): Blocker | undefined {
  const env = spec.env ?? [];
  const platform = env.filter(({ name }) => isPlatformVariable(name)).map(({ name }) => name);
  const literal = env.filter(({ name, valueFrom }) => isCredential(name) && valueFrom === undefined);
  const credentials = literal.map(({ name }) => name);
  const reasons = [
    ...(platform.length === 0
      ? []
      : [`the platform sets ${listNames(platform)} itself; remove it and use the field that it comes from`]),
    ...(credentials.length === 0
      ? []
      : [`the credential ${listNames(credentials)} is written in clear; put it into a Secret and use valueFrom`]),
  ];
  return reasons.length === 0
    ? undefined
    : stalled(REASONS.envForbidden, `spec.env cannot be used: ${reasons.join('; and ')}`);
}

function findMissing(
  wanted: ReadonlyMap<string, readonly string[]>,
  secrets: ReadonlyMap<string, SecretReading>,
): Blocker | undefined {
  const absent = [...wanted.keys()].filter((name) => secrets.get(name)?.kind === 'missing');
  if (absent.length > 0) {
    const message = `spec.env names Secrets that do not exist in this namespace (${listNames(absent)}); create them or change spec.env`;
    return waiting(REASONS.secretNotFound, message);
  }
  const keyless = [...wanted].flatMap(([name, keys]) => {
    const reading = secrets.get(name);
    return reading?.kind === 'found'
      ? keys.filter((key) => !reading.digests.has(key)).map((key) => `${name}/${key}`)
      : [];
  });
  if (keyless.length === 0) return undefined;
  const message = `spec.env names keys that their Secrets do not have (${listNames(keyless)}); add them or change spec.env`;
  return waiting(REASONS.secretKeyMissing, message);
}

function hashSecrets(secrets: ReadonlyMap<string, SecretReading>): string {
  const digests = [...secrets].map(([name, reading]) => [name, reading.kind === 'found' ? [...reading.digests] : []]);
  return sha256Hex(canonicalJson(digests)).slice(0, 32);
}
