import { Registry } from '@prometheus-io/client';
import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../src/kube/client.ts';
import { ApiError } from '../../../src/kube/errors.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { LeaderElection } from '../../../src/runtime/leader-election.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import { alreadyExists, type Call, conflict, FakeClient } from './fake-client.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

interface Spec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}
interface Lease extends KubeObject {
  readonly spec: Spec;
}

/** One Lease as the apiserver keeps it: a patch counts only for the version that it names. */
class LeaseServer {
  lease: Lease | undefined;
  #version = 0;

  answer(call: Call): KubeObject | Error {
    const { uid = `uid-${this.#version + 1}`, resourceVersion } = this.lease?.metadata ?? {};
    if (call.verb === 'get') return this.lease ?? new ApiError('gone', { code: 404, reason: 'NotFound' });
    const body = call.body as Lease;
    if (call.verb === 'create' && this.lease !== undefined) return alreadyExists();
    if (call.verb === 'patch') {
      if (this.lease === undefined) return new ApiError('gone', { code: 404, reason: 'NotFound' });
      if (body.metadata.resourceVersion !== resourceVersion || body.metadata.uid !== uid) return conflict();
    }
    this.#version += 1;
    this.lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'ns', name: 'lease', uid, resourceVersion: `${this.#version}` },
      spec: { ...this.lease?.spec, ...body.spec },
    };
    return this.lease;
  }

  get spec(): Spec {
    return this.lease?.spec ?? {};
  }

  /** As an administrator would, or a process with a time of its own. */
  write(spec: Spec): void {
    this.#version += 1;
    this.lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'ns', name: 'lease', uid: 'uid-1', resourceVersion: `${this.#version}` },
      spec,
    };
  }
}

class Candidate {
  readonly client = new FakeClient();
  readonly stop = new AbortController();
  readonly kill = new AbortController();
  readonly registry = new Registry();
  readonly election: LeaderElection;
  outcome: 'running' | 'stopped' | Error = 'running';
  random = 0;

  constructor(identity: string, options: { readonly clock?: VirtualClock; readonly predecessors?: string } = {}) {
    this.client.answer = (call) => server.answer(call);
    this.election = new LeaderElection({
      client: this.client,
      clock: options.clock ?? clock,
      random: () => this.random,
      log: createLogger({ name: 'test', level: 'silent' }),
      metrics: createRuntimeMetrics(this.registry),
      lease: { namespace: 'ns', name: 'lease' },
      identity,
      ...(options.predecessors === undefined ? {} : { predecessors: options.predecessors }),
    });
  }

  start(): this {
    this.election.run({ stop: this.stop.signal, kill: this.kill.signal }).then(
      () => {
        this.outcome = 'stopped';
      },
      (error: Error) => {
        this.outcome = error;
      },
    );
    return this;
  }

  get leads(): boolean {
    return this.election.isLeader();
  }

  get writes(): number {
    return this.client.log.filter((line) => !line.startsWith('get')).length;
  }

  async gauge(): Promise<string | undefined> {
    return /leader_election_master_status\{name="lease"\} (\d)/.exec(await this.registry.metrics())?.[1];
  }
}

const FOREIGN: Spec = { holderIdentity: 'other', leaseDurationSeconds: 30, renewTime: '2020-01-01T00:00:00.000000Z' };

let clock: VirtualClock;
let server: LeaseServer;

beforeEach(() => {
  clock = new VirtualClock();
  server = new LeaseServer();
});

describe('a leader', () => {
  it('makes the Lease where there is none, and says who it is and since when', async () => {
    const a = new Candidate('a').start();
    await settle();
    expect(a.leads).toBe(true);
    await a.election.gained;
    expect(server.spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 30,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    expect(await a.gauge()).toBe('1');
  });

  it('renews six times a minute with one write each, and reads nothing', async () => {
    const a = new Candidate('a').start();
    await settle();
    a.client.calls.length = 0;
    await clock.advance(60_000);
    expect(a.client.log).toEqual(Array.from({ length: 6 }, () => 'patch Lease/lease'));
    expect(server.spec).toMatchObject({
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:01:00.000000Z',
      leaseTransitions: 0,
    });
  });

  it('spreads its renewals, to later alone', async () => {
    const a = new Candidate('a');
    a.random = 1;
    a.start();
    await clock.advance(11_999);
    expect(a.writes).toBe(1);
    await clock.advance(1);
    expect(a.writes).toBe(2);
  });

  it('goes on after an outage that is shorter than its deadline', async () => {
    const a = new Candidate('a').start();
    await clock.advance(10_000);
    a.client.answer = () => new ApiError('overloaded', { code: 503 });
    await clock.advance(17_000);
    a.client.answer = (call) => server.answer(call);
    await clock.advance(30_000);
    expect([a.leads, a.outcome]).toEqual([true, 'running']);
  });

  it('goes on where the answer to its renewal was lost', async () => {
    const a = new Candidate('a').start();
    await settle();
    a.client.answer = (call) => {
      server.answer(call);
      a.client.answer = (next) => server.answer(next);
      return new Error('no answer');
    };
    await clock.advance(20_000);
    expect([a.leads, a.outcome]).toEqual([true, 'running']);
  });

  it('makes a Lease anew that somebody deleted', async () => {
    const a = new Candidate('a').start();
    await settle();
    server.lease = undefined;
    await clock.advance(15_000);
    expect([a.leads, server.spec.holderIdentity]).toEqual([true, 'a']);
  });

  it('is none any more 20 s after the start of its last renewal, before anybody else may lead', async () => {
    const a = new Candidate('a').start();
    await clock.advance(10_000);
    a.client.answer = () => new ApiError('overloaded', { code: 503 });
    await clock.advance(19_999);
    expect([a.leads, a.outcome]).toEqual([true, 'running']);
    await clock.advance(1);
    await settle();
    expect(a.leads).toBe(false);
    expect(a.outcome).toMatchObject({
      message: "Lost the leader's Lease: it could not be renewed within 20 s",
    });
    expect(await a.gauge()).toBe('0');
  });

  it('counts from the start of a renewal whose answer is late', async () => {
    const slow = new Candidate('a');
    let reply: (object: KubeObject) => void = () => undefined;
    slow.client.create = async <T extends KubeObject>(): Promise<T> =>
      new Promise<KubeObject>((resolve) => {
        reply = resolve;
      }) as Promise<T>;
    slow.start();
    await clock.advance(4_000);
    server.write({ ...FOREIGN, holderIdentity: 'a' });
    if (server.lease !== undefined) reply(server.lease);
    await settle();
    slow.client.answer = () => new ApiError('overloaded', { code: 503 });
    expect(slow.leads).toBe(true);
    await clock.advance(16_000);
    expect(slow.leads).toBe(false);
  });

  it('that was paused knows when it wakes that it leads no more, without a request', async () => {
    const own = new VirtualClock();
    const a = new Candidate('a', { clock: own }).start();
    await own.advance(5_000);
    const b = new Candidate('b').start();
    await clock.advance(40_000);
    expect(b.leads).toBe(true);
    const writes = a.writes;
    own.advanceSync(40_000);
    expect(a.leads).toBe(false);
    await settle();
    expect(a.outcome).toBeInstanceOf(Error);
    expect([a.writes, server.spec.holderIdentity]).toEqual([writes, 'b']);
  });

  it('gives up at once when it reads that another holds the Lease', async () => {
    const a = new Candidate('a').start();
    await settle();
    server.write(FOREIGN);
    await clock.advance(12_000);
    expect(a.outcome).toMatchObject({ message: 'Lost the leader\'s Lease: "other" holds the Lease' });
    expect(server.spec.holderIdentity).toBe('other');
  });
});

describe('a candidate', () => {
  it('takes over 30 s after it last saw the record change, whatever times the record names', async () => {
    server.write({ ...FOREIGN, renewTime: '2020-01-01T00:00:00.000000Z' });
    const b = new Candidate('b').start();
    await clock.advance(20_000);
    server.write({ ...FOREIGN, renewTime: '2020-01-01T00:00:01.000000Z' });
    await clock.advance(29_900);
    expect([b.leads, b.writes, await b.gauge()]).toEqual([false, 0, '0']);
    await clock.advance(4_000);
    expect(b.leads).toBe(true);
    expect(server.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1, leaseDurationSeconds: 30 });
  });

  it('does not count a change of anything but the record as a sign of life', async () => {
    server.write(FOREIGN);
    const b = new Candidate('b').start();
    for (let second = 0; second < 35; second += 1) {
      await clock.advance(1_000);
      if (!b.leads) server.write(FOREIGN);
    }
    expect(b.leads).toBe(true);
  });

  it('never leads beside a leader that renews', async () => {
    const a = new Candidate('a').start();
    await settle();
    const b = new Candidate('b').start();
    await clock.advance(600_000);
    expect([a.leads, b.leads, b.writes]).toEqual([true, false, 0]);
  });

  it('wins against others of its time by the version alone', async () => {
    server.write({ ...FOREIGN, holderIdentity: '' });
    const candidates = ['a', 'b', 'c'].map((identity) => new Candidate(identity).start());
    await clock.advance(60_000);
    expect(candidates.filter(({ leads }) => leads)).toHaveLength(1);
  });

  it('takes over at once from an earlier process of its own place, and from nobody else there', async () => {
    server.write({ ...FOREIGN, holderIdentity: 'pod-1_dead' });
    const elsewhere = new Candidate('pod-12_new', { predecessors: 'pod-12_' }).start();
    await clock.advance(10_000);
    expect(elsewhere.leads).toBe(false);
    elsewhere.stop.abort();
    const here = new Candidate('pod-1_new', { predecessors: 'pod-1_' }).start();
    await settle();
    expect([here.leads, server.spec.leaseTransitions]).toEqual([true, 1]);
  });

  it('goes on asking while the apiserver is down', async () => {
    const b = new Candidate('b');
    b.client.answer = () => new ApiError('overloaded', { code: 503 });
    b.start();
    await clock.advance(300_000);
    b.client.answer = (call) => server.answer(call);
    await clock.advance(2_000);
    expect(b.leads).toBe(true);
  });

  it('asks again when a call is not answered', async () => {
    const b = new Candidate('b');
    const silent: Pick<KubeClient, 'get'> = {
      get: (_resource, _key, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    };
    const { get } = b.client;
    b.client.get = silent.get;
    b.start();
    await settle();
    b.client.get = get;
    await clock.advance(7_000);
    expect(b.leads).toBe(true);
  });
});

describe('at the end', () => {
  it('the Lease is released, and the next one takes it without waiting for its time', async () => {
    const a = new Candidate('a').start();
    await settle();
    const b = new Candidate('b').start();
    await clock.advance(5_000);
    a.stop.abort();
    await settle();
    expect(server.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    expect([a.outcome, a.leads, await a.gauge(), clock.timers]).toEqual(['stopped', false, '0', 1]);
    await clock.advance(2_000);
    expect([b.leads, server.spec.leaseTransitions]).toEqual([true, 1]);
  });

  it('a candidate leaves the Lease as it is', async () => {
    server.write(FOREIGN);
    const b = new Candidate('b').start();
    await settle();
    b.stop.abort();
    await settle();
    expect([b.outcome, b.writes]).toEqual(['stopped', 0]);
  });

  it('a Lease whose last renewal got no answer is looked at before it is released', async () => {
    const a = new Candidate('a').start();
    await settle();
    a.client.answer = () => new ApiError('overloaded', { code: 503 });
    await clock.advance(10_000);
    server.write(FOREIGN);
    a.client.answer = (call) => server.answer(call);
    a.stop.abort();
    await settle();
    expect([a.outcome, server.spec.holderIdentity]).toEqual(['stopped', 'other']);
  });

  it('a Lease that cannot be released holds nobody up', async () => {
    const a = new Candidate('a').start();
    await settle();
    a.client.answer = () => new ApiError('overloaded', { code: 503 });
    a.stop.abort();
    await settle();
    expect(a.outcome).toBe('stopped');
  });
});
