import { LEASES } from '../apis/v1alpha1/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import { withDeadline } from '../kube/deadline.ts';
import { isNotFound } from '../kube/errors.ts';
import type { KubeObject, ObjectKey } from '../kube/objects.ts';
import type { Clock } from '../platform/clock.ts';
import { canonicalJson } from '../platform/digest.ts';
import { coerceError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { microTime } from './micro-time.ts';

/** Whether this process is the one that acts. Once lost it never comes back: the next process starts from the truth. */
export interface Leadership {
  /** Resolves when this process leads for the first time. */
  readonly gained: Promise<void>;
  /** Judged by our own clock and without a request, so that a process that was paused knows it when it wakes. */
  isLeader(): boolean;
}

/** For where nobody else is started. */
export const ALONE: Leadership = { gained: Promise.resolve(), isLeader: () => true };

export interface LeaderElectionOptions {
  /** Not the client of the passes: behind their calls a renewal would come too late. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  readonly lease: ObjectKey;
  /** Unique to this process. */
  readonly identity: string;
  /** What identities of earlier processes in this very place begin with. They are dead, and their Lease is free at once. */
  readonly predecessors?: string;
}

interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

const FIELD_MANAGER = 'molecule-operator-leader-election';
/** Others take over so long after they last saw the Lease change. */
const LEASE_SECONDS = 30;
/** We stop so long after the start of our last renewal: well before others may begin, whenever they saw it. */
const RENEW_DEADLINE_MS = 20_000;
const RENEW_EVERY_MS = 10_000;
const RETRY_EVERY_MS = 2_000;
const CALL_TIMEOUT_MS = 5_000;
const JITTER = 0.2;

/**
 * Leader election by a Lease, as client-go does it. Expiry is judged by our monotonic clock from when we last saw the
 * record change, never by the times written in it, so that clocks need not agree. Every write carries uid and
 * resourceVersion. It saves work and does not fence: what must not happen twice is guarded by preconditions.
 */
export class LeaderElection implements Leadership {
  readonly #options: LeaderElectionOptions;
  readonly #gained = Promise.withResolvers<void>();
  readonly #lost = new AbortController();
  /** The record as last seen changed, and when. */
  #seen: { readonly record: string; readonly atMs: number } | undefined;
  /** As our last write left it; undefined when that is not known for sure. */
  #written: Lease | undefined;
  /** Start of our last renewal; undefined when we do not lead. */
  #renewedMs: number | undefined;
  #cancelDeadline: () => void = () => undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#show(0);
  }

  get gained(): Promise<void> {
    return this.#gained.promise;
  }

  isLeader(): boolean {
    const { clock } = this.#options;
    return this.#renewedMs !== undefined && clock.monotonicMs() - this.#renewedMs < RENEW_DEADLINE_MS;
  }

  /**
   * Stands for election and renews until `stop` is aborted, then releases the Lease; `kill` cuts that off. Rejects when
   * the Lease is lost; whoever runs this must then end at once.
   */
  async run({ stop, kill }: { readonly stop: AbortSignal; readonly kill: AbortSignal }): Promise<void> {
    const { clock } = this.#options;
    const signal = AbortSignal.any([stop, this.#lost.signal]);
    while (!signal.aborted) {
      const isDone = await this.#attempt(signal);
      const delayMs = isDone && this.isLeader() ? RENEW_EVERY_MS : RETRY_EVERY_MS;
      // Only the signal ends the sleep early, and the loop with it.
      await clock.sleep(this.#jittered(delayMs), signal).catch(() => undefined);
      this.#checkDeadline();
    }
    this.#cancelDeadline();
    this.#lost.signal.throwIfAborted();
    await this.#release(kill);
  }

  /** False when the apiserver could not be asked or refused. */
  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { clock, log } = this.#options;
    try {
      await withDeadline({ clock, signal, timeoutMs: CALL_TIMEOUT_MS }, (limited) => this.#acquireOrRenew(limited));
      return true;
    } catch (error) {
      if (!signal.aborted) log.warn({ reason: coerceError(error).message }, 'Cannot read or write the Lease');
      return false;
    }
  }

  async #acquireOrRenew(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const lease = this.#written ?? (await this.#read(signal));
    if (lease !== undefined && this.#isHeldByAnother(lease)) {
      if (this.#renewedMs !== undefined) this.#lose(`"${lease.spec?.holderIdentity}" holds the Lease`);
      return;
    }
    this.#written = undefined;
    this.#written = await this.#write(lease, this.#record(lease), signal);
    this.#lead(startedMs);
  }

  /** Notes when the record changed, because that is when its time begins anew. */
  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, clock, lease: key, log } = this.#options;
    try {
      const lease = await client.get<Lease>(LEASES, key, { signal });
      const record = canonicalJson(lease.spec ?? {});
      if (record !== this.#seen?.record) {
        if (this.#seen === undefined) log.info({ leader: lease.spec?.holderIdentity }, 'Found the Lease');
        this.#seen = { record, atMs: clock.monotonicMs() };
      }
      return lease;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** For a leader every other holder counts; for the others one whose time is not over. */
  #isHeldByAnother({ spec = {} }: Lease): boolean {
    const { clock, identity, predecessors } = this.#options;
    const { holderIdentity = '', leaseDurationSeconds = LEASE_SECONDS } = spec;
    if (holderIdentity === '' || holderIdentity === identity) return false;
    if (this.#renewedMs !== undefined) return true;
    if (predecessors !== undefined && holderIdentity.startsWith(predecessors)) return false;
    const seenMs = this.#seen?.atMs ?? clock.monotonicMs();
    return clock.monotonicMs() - seenMs < leaseDurationSeconds * 1000;
  }

  #record(lease: Lease | undefined): NonNullable<Lease['spec']> {
    const { clock, identity } = this.#options;
    const now = microTime(clock.now());
    const { holderIdentity, acquireTime = now, leaseTransitions = 0 } = lease?.spec ?? {};
    const isRenewal = holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: isRenewal ? acquireTime : now,
      renewTime: now,
      leaseTransitions: isRenewal || lease === undefined ? leaseTransitions : leaseTransitions + 1,
    };
  }

  async #write(lease: Lease | undefined, spec: NonNullable<Lease['spec']>, signal: AbortSignal): Promise<Lease> {
    const { client, lease: key } = this.#options;
    const options = { fieldManager: FIELD_MANAGER, signal };
    if (lease === undefined) {
      const apiVersion = `${LEASES.group}/${LEASES.version}`;
      return client.create<Lease>(LEASES, { apiVersion, kind: LEASES.kind, metadata: key, spec }, options);
    }
    const { uid, resourceVersion } = lease.metadata;
    return client.patch<Lease>(LEASES, key, { metadata: { uid, resourceVersion }, spec }, options);
  }

  #lead(startedMs: number): void {
    const { clock, identity, log } = this.#options;
    const isNew = this.#renewedMs === undefined;
    this.#renewedMs = startedMs;
    this.#cancelDeadline();
    const leftMs = startedMs + RENEW_DEADLINE_MS - clock.monotonicMs();
    this.#cancelDeadline = clock.schedule(Math.max(0, leftMs), () => this.#checkDeadline());
    if (!isNew) return;
    this.#show(1);
    log.info({ identity }, 'Leading');
    this.#gained.resolve();
  }

  #checkDeadline(): void {
    if (this.#renewedMs !== undefined && !this.isLeader())
      this.#lose(`it could not be renewed within ${RENEW_DEADLINE_MS / 1000} s`);
  }

  #lose(why: string): void {
    this.#renewedMs = undefined;
    this.#show(0);
    this.#lost.abort(new Error(`Lost the leader's Lease: ${why}`));
  }

  /** So that the next one need not wait. A Lease that cannot be released expires. */
  async #release(kill: AbortSignal): Promise<void> {
    if (!this.isLeader()) return;
    const { clock, identity, log } = this.#options;
    this.#renewedMs = undefined;
    this.#show(0);
    try {
      await withDeadline({ clock, signal: kill, timeoutMs: CALL_TIMEOUT_MS }, async (signal) => {
        const lease = this.#written ?? (await this.#read(signal));
        if (lease?.spec?.holderIdentity !== identity) return;
        await this.#write(lease, { ...this.#record(lease), holderIdentity: '', leaseDurationSeconds: 1 }, signal);
      });
    } catch (error) {
      log.warn({ reason: coerceError(error).message }, 'Cannot release the Lease');
    }
  }

  #jittered(delayMs: number): number {
    return delayMs * (1 + JITTER * this.#options.random());
  }

  #show(value: 0 | 1): void {
    const { lease, metrics } = this.#options;
    metrics.leading.set({ name: lease.name }, value);
  }
}
