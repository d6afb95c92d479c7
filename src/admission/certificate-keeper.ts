import { OPERATOR_NAMESPACE } from '../apis/v1alpha1/names.ts';
import { SECRETS } from '../apis/v1alpha1/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import { isNotFound } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { Clock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { Leadership } from '../runtime/leader-election.ts';
import { makeServingPair, type ServingPair } from './certificate.ts';
import { bundleWith, judgeCertificate, type StoredCertificate } from './judge-certificate.ts';
import { hostsOf, trustWebhook, type WebhookTarget } from './webhook-configuration.ts';

export interface CertificateKeeperOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly target: WebhookTarget;
  /** Only the one that leads writes; the others serve what it has written. */
  readonly leadership: Leadership;
  /** Called for each pair that differs from the last. */
  readonly onPair: (pair: ServingPair) => void;
}

export const WEBHOOK_SECRET = 'molecule-webhook';

const KEY = { namespace: OPERATOR_NAMESPACE, name: WEBHOOK_SECRET };
const FIELD_MANAGER = 'molecule-operator-webhook';
const DAY_MS = 24 * 60 * 60 * 1000;
const LIFETIME_MS = 90 * DAY_MS;
/** For apiservers whose clock is behind. */
const BACKDATED_MS = 60 * 60 * 1000;
/** What was lost or mangled is back within a minute, in every replica. */
const CHECKED_EVERY_MS = 20_000;

interface CertificateSecret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * Keeps the webhook's certificate in a Secret that all replicas serve, renews it when two thirds of its life are over, and
 * sees to it that the apiserver trusts it. A new one is trusted before it is stored, and the one before it stays trusted until
 * it is over, so that no replica is ever served with what the apiserver refuses. A crash in between costs one unused
 * certificate. Ends only by its signal: without a certificate deletions are merely unattributed.
 */
export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  #served: string | undefined;
  /** The last failure that was told; the same one again is no news. */
  #told: string | undefined;

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, leadership } = this.#options;
    const gained = new AbortController();
    void leadership.gained.then(() => gained.abort());
    while (!signal.aborted) {
      // Who comes to lead writes at once: the one before may have stored nothing yet.
      const wake = leadership.isLeader() || gained.signal.aborted ? signal : AbortSignal.any([signal, gained.signal]);
      const fault = await this.#pass(signal).catch((error: unknown) => coerceError(error).message);
      if (signal.aborted) return;
      this.#tell(fault);
      await clock.sleep(CHECKED_EVERY_MS, wake).catch(() => undefined);
    }
  }

  /** Returns what stands in the way of asking this webhook. */
  async #pass(signal: AbortSignal): Promise<string | undefined> {
    const { client, clock, target, leadership } = this.#options;
    const stored = await readStored(client, signal);
    const hosts = hostsOf(target);
    const now = clock.now();
    const verdict = judgeCertificate(stored, { hosts, now });
    if (verdict !== 'replace') this.#serve(stored.pair);
    if (!leadership.isLeader()) return undefined;
    if (verdict === 'keep') return this.#trust(stored.bundle, signal);
    const from = new Date(now.getTime() - BACKDATED_MS);
    const pair = await makeServingPair({ hosts, from, until: new Date(now.getTime() + LIFETIME_MS) });
    const bundle = bundleWith(pair.certificate, stored.bundle, now);
    const fault = await this.#trust(bundle, signal);
    await store(client, { pair, bundle, signal });
    // A renewed one is served by all from their next pass on, when every apiserver has heard of it.
    if (verdict === 'replace') this.#serve(pair);
    return fault;
  }

  async #trust(bundle: string, signal: AbortSignal): Promise<string | undefined> {
    const { client, target } = this.#options;
    const isInstalled = await trustWebhook(client, { target, bundle, signal });
    return isInstalled
      ? undefined
      : 'The configuration of the deletion webhook is not installed, so deletions are unattributed; apply manifests/operator';
  }

  #serve(pair: ServingPair): void {
    if (this.#served === pair.certificate) return;
    this.#options.onPair(pair);
    this.#served = pair.certificate;
  }

  #tell(fault: string | undefined): void {
    if (fault !== undefined && fault !== this.#told)
      this.#options.log.warn({ reason: fault }, 'The deletion webhook is not kept up');
    this.#told = fault;
  }
}

async function readStored(client: KubeClient, signal: AbortSignal): Promise<StoredCertificate> {
  const secret = await client.get<CertificateSecret>(SECRETS, KEY, { signal }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  const textOf = (key: string): string => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString();
  return { pair: { certificate: textOf('tls.crt'), key: textOf('tls.key') }, bundle: textOf('ca.crt') };
}

/** Without a type: it may not be changed later, and the content is the same in each. */
async function store(
  client: KubeClient,
  { pair, bundle, signal }: { readonly pair: ServingPair; readonly bundle: string; readonly signal: AbortSignal },
): Promise<void> {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...KEY, labels: { 'app.kubernetes.io/name': 'molecule-operator' } },
    data: { 'tls.crt': encode(pair.certificate), 'tls.key': encode(pair.key), 'ca.crt': encode(bundle) },
  };
  await client.apply(SECRETS, secret, { fieldManager: FIELD_MANAGER, signal });
}
