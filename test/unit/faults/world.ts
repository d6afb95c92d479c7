import * as resources from '../../../src/apis/v1alpha1/resources.ts';
import { NAMESPACES, NODES } from '../../../src/apis/v1alpha1/resources.ts';
import { type KubeObject, keyOf, keyString, type Resource } from '../../../src/kube/objects.ts';
import { collectionPath } from '../../../src/kube/paths.ts';
import { type HttpServer, startHttpServer } from '../../memory-api/http-server.ts';
import { MemoryApi } from '../../memory-api/memory-api.ts';
import { QuietNetwork } from '../../memory-api/quiet-network.ts';
import { isWatch } from '../../memory-api/rest.ts';
import { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';
import { startApprover } from './approver.ts';
import { Audit } from './audit.ts';
import { startKubelet } from './kubelet.ts';
import { startOperator, type TestOperator } from './operator.ts';
import { SeededRandom } from './random.ts';
import { Users } from './users.ts';
import { findStrayPods, findUnsettled } from './wanted.ts';

const KINDS: readonly Resource[] = Object.values(resources);
const STEP_MS = 1_000;
/** Longer than a kubelet and a controller take to have their say. */
const STEADY_MS = 5_000;

/**
 * An API over HTTP/2 with faults to come, a ledger, a kubelet, an approver, users, and one or more operators, in virtual time: the clock jumps
 * to the next timer when no byte is under way, so that a run depends on its seed and not on the machine.
 */
export class World {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly api: MemoryApi;
  readonly audit: Audit;
  readonly users: Users;
  readonly operators: TestOperator[] = [];
  readonly server: HttpServer;
  readonly #network: QuietNetwork;
  readonly #neighbours: readonly Disposable[];
  readonly #ledger: MemoryLedger;

  static async create(seed: number, { writeMs = 0 }: { readonly writeMs?: number } = {}): Promise<World> {
    const network = new QuietNetwork();
    const clock = new VirtualClock(() => network.settle());
    const random = new SeededRandom(seed);
    const uids = new SeededRandom(~seed);
    // Names of Pods and volumes carry the first digits.
    const newUID = (): string => `${hex(uids, 8)}-${hex(uids, 4)}-4000-8000-${hex(uids, 12)}`;
    const api = new MemoryApi({
      now: () => clock.now(),
      newUID,
      kinds: KINDS,
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
    });
    const audit = new Audit(api, KINDS);
    const server = await startHttpServer({ api: audit, clock, random: random.next, writeMs });
    return new World({ network, clock, random, api, audit, server });
  }

  private constructor(parts: {
    readonly network: QuietNetwork;
    readonly clock: VirtualClock;
    readonly random: SeededRandom;
    readonly api: MemoryApi;
    readonly audit: Audit;
    readonly server: HttpServer;
  }) {
    this.#network = parts.network;
    this.clock = parts.clock;
    this.random = parts.random;
    this.api = parts.api;
    this.audit = parts.audit;
    this.server = parts.server;
    this.users = new Users(parts.api);
    this.#ledger = new MemoryLedger({ now: () => this.clock.now() });
    this.users.create(NODES, { namespace: '', name: 'node' }, {});
    this.users.create(NAMESPACES, { namespace: '', name: 'kube-system' }, {});
    const neighbour = { ...parts, users: this.users };
    this.#neighbours = [startKubelet(neighbour), startApprover(neighbour)];
  }

  startOperator(): TestOperator {
    const { server, clock, random } = this;
    const user = `operator-${this.operators.length + 1}`;
    const operator = startOperator({ server, clock, random: random.next, user, ledger: this.#ledger });
    this.operators.push(operator);
    return operator;
  }

  get nowMs(): number {
    return this.clock.monotonicMs();
  }

  async advanceTo(timeMs: number): Promise<void> {
    await this.clock.advance(Math.max(0, timeMs - this.nowMs));
  }

  /** What is not as it should be now: specs against the state, the operators' stores against the API, watches. */
  findFaults(): readonly string[] {
    return [
      ...findUnsettled(this.api),
      // A POST that was held back while its Workspace went cannot be told so by any precondition; what it made is swept later.
      ...(this.operators.some(({ freezer }) => freezer.hasFrozen) ? [] : findStrayPods(this.api, this.users.abandoned)),
      ...this.operators.flatMap((operator, index) => this.#findUnknown(operator, `Operator ${index + 1}`)),
      ...this.#findMissingWatches(),
    ];
  }

  /** Advances until there have been no faults for a while: how long it took until then, and what is left after the time. */
  async heal(withinMs: number): Promise<{ readonly afterMs: number; readonly faults: readonly string[] }> {
    const startMs = this.nowMs;
    for (let brokenMs = startMs; ; await this.clock.advance(STEP_MS)) {
      const faults = this.findFaults();
      if (faults.length > 0) {
        if (this.nowMs - startMs >= withinMs) return { afterMs: this.nowMs - startMs, faults };
        brokenMs = this.nowMs + STEP_MS;
      } else if (this.nowMs - brokenMs >= STEADY_MS) return { afterMs: brokenMs - startMs, faults };
    }
  }

  /** Every object of every kind with its uid and version. */
  versions(): ReadonlyMap<string, string> {
    return new Map(
      KINDS.flatMap((resource) =>
        this.api.objects(resource).map((object) => [nameOf(resource, object), versionOf(object)]),
      ),
    );
  }

  /** Ends everything; what is left open after that. */
  async close(): Promise<readonly string[]> {
    const stopped = Promise.all(this.operators.map((operator) => operator.stop()));
    await this.clock.advance(0);
    await stopped;
    for (const neighbour of this.#neighbours) neighbour[Symbol.dispose]();
    await this.#network.settle();
    const { openSessions, openWatches } = this.server;
    await this.server[Symbol.asyncDispose]();
    await this.#network.settle();
    this.#network[Symbol.dispose]();
    return [
      ...(openSessions === 0 ? [] : [`${openSessions} connections are still open`]),
      ...(openWatches.length === 0 ? [] : [`${openWatches.length} watches are still open`]),
      ...(this.#network.sockets === 0 ? [] : [`${this.#network.sockets} sockets are still open`]),
      ...(this.clock.timers === 0 ? [] : [`${this.clock.timers} timers are still set`]),
    ];
  }

  #findUnknown({ kinds }: TestOperator, who: string): readonly string[] {
    return kinds.flatMap(({ resource, select, store }) => {
      const { namespace, labelSelector, fieldSelector } = select ?? {};
      const path = collectionPath(resource, namespace, { labelSelector, fieldSelector });
      const answer = this.api.handle({ method: 'GET', path });
      if (isWatch(answer) || answer.code !== 200) return [`Cannot list ${resource.plural}`];
      const { items } = JSON.parse(answer.text) as { readonly items: readonly KubeObject[] };
      const known = new Map([...store.list()].map((object) => [nameOf(resource, object), versionOf(object)]));
      const real = new Map(items.map((object) => [nameOf(resource, object), versionOf(object)]));
      return differences(known, real).map((name) => `${who} knows another ${name} than there is`);
    });
  }

  #findMissingWatches(): readonly string[] {
    const expected = this.operators.flatMap(({ kinds }) => kinds).length;
    const { openWatches } = this.server;
    return openWatches.length === expected ? [] : [`${openWatches.length} watches are open instead of ${expected}`];
  }
}

function hex(random: SeededRandom, digits: number): string {
  return Array.from({ length: digits }, () => random.between(0, 15).toString(16)).join('');
}

function nameOf(resource: Resource, object: { readonly metadata: KubeObject['metadata'] }): string {
  return `${resource.kind} ${keyString(keyOf(object))}`;
}

function versionOf({ metadata }: { readonly metadata: KubeObject['metadata'] }): string {
  return `${metadata.uid} at ${metadata.resourceVersion}`;
}

/** Names whose values differ. */
export function differences(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name)).sort();
}
