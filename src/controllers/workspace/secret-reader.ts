import { SECRETS } from '../../apis/v1alpha1/resources.ts';
import { createFlights, type Flights } from '../../assets/flights.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { type KubeObject, keyString, type ObjectKey } from '../../kube/objects.ts';
import { canonicalJson, sha256Hex } from '../../platform/digest.ts';

/** What is known of the keys of a Secret that were asked for. */
export type SecretReading =
  /** A digest for each of the keys that is there. */
  | { readonly kind: 'found'; readonly digests: ReadonlyMap<string, string> }
  | { readonly kind: 'missing' }
  /** The apiserver gave no answer, and there is no earlier one. */
  | { readonly kind: 'unread' };

export interface SecretRequest {
  readonly secret: ObjectKey;
  /** Sorted, so that everybody who wants the same shares one answer. */
  readonly dataKeys: readonly string[];
  /** Asks the apiserver whatever is remembered. */
  readonly isUrgent: boolean;
}

interface RawSecret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const FRESH_MS = 60_000;
/** What is not there is what people are about to make. */
const ABSENT_FRESH_MS = 10_000;
const CAPACITY = 10_000;

/**
 * Reads Secrets by name, at most once a minute for the same keys, however many Workspaces use them. It remembers digests and
 * no values; they are salted with the Secret's uid, so that a digest tells nothing of a short value to those who may not
 * read it.
 */
export class SecretReader {
  readonly #client: Pick<KubeClient, 'get'>;
  readonly #now: () => number;
  readonly #remembered = new Map<string, { readonly readAtMs: number; readonly reading: SecretReading }>();
  readonly #flights: Flights<RawSecret | undefined> = createFlights();

  /** `now`: monotonic milliseconds. */
  constructor({ client, now }: { readonly client: Pick<KubeClient, 'get'>; readonly now: () => number }) {
    this.#client = client;
    this.#now = now;
  }

  /** Rejects only when aborted. While the apiserver fails, the last answer holds, however old it is. */
  async read({ secret, dataKeys, isUrgent }: SecretRequest, signal: AbortSignal): Promise<SecretReading> {
    const entry = [keyString(secret), ...dataKeys].join(' ');
    const before = this.#remembered.get(entry);
    if (before !== undefined && !isUrgent && this.#now() - before.readAtMs < lifetimeMs(before.reading, dataKeys)) {
      return before.reading;
    }
    try {
      const raw = await this.#flights.join(keyString(secret), (shared) => this.#get(secret, shared), signal);
      const reading = digest(raw, dataKeys);
      this.#remember(entry, reading);
      return reading;
    } catch {
      signal.throwIfAborted();
      return before?.reading ?? { kind: 'unread' };
    }
  }

  async #get(secret: ObjectKey, signal: AbortSignal): Promise<RawSecret | undefined> {
    try {
      return await this.#client.get<RawSecret>(SECRETS, secret, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** The ones read longest ago go first. */
  #remember(entry: string, reading: SecretReading): void {
    this.#remembered.delete(entry);
    this.#remembered.set(entry, { readAtMs: this.#now(), reading });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > CAPACITY && oldest !== undefined) this.#remembered.delete(oldest);
  }
}

function lifetimeMs(reading: SecretReading, dataKeys: readonly string[]): number {
  const isComplete = reading.kind === 'found' && reading.digests.size === dataKeys.length;
  return isComplete ? FRESH_MS : ABSENT_FRESH_MS;
}

function digest(secret: RawSecret | undefined, dataKeys: readonly string[]): SecretReading {
  if (secret === undefined) return { kind: 'missing' };
  const { uid } = secret.metadata;
  const digests = dataKeys.flatMap((key) => {
    // A key may be called like a member that every object has.
    const value = secret.data !== undefined && Object.hasOwn(secret.data, key) ? secret.data[key] : undefined;
    return value === undefined ? [] : [[key, sha256Hex(canonicalJson([uid, key, value]))] as const];
  });
  return { kind: 'found', digests: new Map(digests) };
}
