import * as resources from '../../../src/apis/v1alpha1/resources.ts';
import { APPROVAL_REQUESTS, ORGS, PERSISTENT_VOLUME_CLAIMS, PODS } from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Org } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { KubeObject, ObjectKey, Resource } from '../../../src/kube/objects.ts';
import { MemoryApi } from '../../memory-api/memory-api.ts';
import type { ApiRequest, Json } from '../../memory-api/rest.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';
import { FakeForge } from './fake-forge.ts';
import { type FaultSource, noFaults } from './faults.ts';
import { fingerprint } from './fingerprint.ts';
import { Guard } from './guard.ts';
import { actAsApprover, actAsKubelet, actAsScheduler, actAsVolumeController, type PodObject } from './neighbours.ts';
import { OperatorProcess } from './operator-process.ts';
import { WatchedLedger } from './watched-ledger.ts';

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const KINDS: readonly Resource[] = [...Object.values(resources), EVENTS];
/** What is told and not kept, how it came about, and what is the cluster's own. */
const NOT_COMPARED = new Set(['Event', 'ApprovalRequest', 'Namespace', 'Node']);
/** Longer than any backoff and any recheck. */
const QUIET_MS = 70_000;
const LONGEST_STEP_MS = 16_000;
const GIVE_UP_MS = 3_600_000;
/** How long a dead process stays away. */
const RESTART_MS = 1_000;

export interface WorldOptions {
  /** One operator for each. @default one without faults */
  readonly faults?: readonly FaultSource[];
  readonly random?: () => number;
  /** @default one of its own */
  readonly forge?: FakeForge;
  readonly latencyMs?: () => number;
  /** How old what an operator knows may be, with these latencies. */
  readonly staleMs?: number;
}

/** A cluster with its operators, on a clock that moves only here. */
export class World {
  readonly clock = new VirtualClock();
  readonly forge: FakeForge;
  readonly violations: string[] = [];
  /** What the approver says of every deletion; undefined: nothing, so that all of them wait. */
  verdict: 'Approved' | 'Denied' | undefined = 'Approved';
  readonly ledger = new WatchedLedger({
    now: () => this.clock.now(),
    report: (violation) => this.violations.push(violation),
    onConclude: (uid) => this.#guard.lookAtConclusion(uid),
  });
  readonly #api: MemoryApi;
  readonly #guard: Guard;
  readonly #options: Required<Omit<WorldOptions, 'forge'>>;
  readonly #operators: (OperatorProcess | undefined)[] = [];
  readonly #restartAtMs: number[] = [];
  readonly #names = new Map<string, string>();
  #uids = 0;
  #operatorWrites = 0;

  constructor(options: WorldOptions = {}) {
    this.#options = { faults: [noFaults], random: () => 0.5, latencyMs: () => 0, staleMs: 1_000, ...options };
    this.forge = options.forge ?? new FakeForge();
    const { clock, forge, ledger } = this;
    const now = (): Date => clock.now();
    this.#api = new MemoryApi({
      now,
      newUID: () => this.#newUID(),
      kinds: KINDS,
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
    });
    this.#guard = new Guard({
      api: this.#api,
      kinds: KINDS,
      ledger,
      forge,
      now,
      staleMs: this.#options.staleMs,
      report: (violation) => this.violations.push(violation),
    });
  }

  /** Writes of operators that changed something, so far. */
  get operatorWrites(): number {
    return this.#operatorWrites;
  }

  objects(resource: Resource): readonly KubeObject[] {
    return this.#api.objects(resource);
  }

  object(resource: Resource, key: ObjectKey): KubeObject | undefined {
    return this.#api.object(resource, key);
  }

  /** Somebody other than the operator asks for something. */
  send(request: ApiRequest): void {
    this.#api.handle(request);
    this.#learnNames();
  }

  /** Time passes for everybody. */
  async advance(ms: number): Promise<void> {
    this.#startOperators();
    await this.clock.advance(ms);
    this.#learnNames();
    const pods = this.#api.objects(PODS) as readonly PodObject[];
    const claims = this.#api.objects(PERSISTENT_VOLUME_CLAIMS);
    const requests = [
      ...actAsVolumeController(claims, pods),
      ...actAsScheduler(pods, claims),
      ...actAsKubelet(pods, this.clock.now()),
      ...actAsApprover(this.#api.objects(APPROVAL_REQUESTS) as readonly ApprovalRequest[], this.verdict),
    ];
    for (const request of requests) this.#api.handle(request);
  }

  /** Until nobody has anything to do any more. */
  async untilQuiet(): Promise<void> {
    const startMs = this.clock.monotonicMs();
    let version = this.#api.version;
    for (let idleMs = 0, stepMs = 1_000; idleMs < QUIET_MS || this.#isAnybodyDead(); ) {
      await this.advance(stepMs);
      const hasMoved = this.#api.version !== version;
      version = this.#api.version;
      idleMs = hasMoved ? 0 : idleMs + stepMs;
      stepMs = hasMoved ? 1_000 : Math.min(stepMs * 2, LONGEST_STEP_MS);
      if (this.clock.monotonicMs() - startMs > GIVE_UP_MS) throw new Error('This never comes to rest');
    }
  }

  /** All operators end, and others begin. */
  restartOperators(): void {
    for (const operator of this.#operators) operator?.die();
  }

  /** What is there, in a form in which it can be compared with another world; what `view` gives nothing for is left out. */
  fingerprint(view: (object: KubeObject) => KubeObject | undefined = (object) => object): readonly Json[] {
    this.#learnNames();
    const objects = KINDS.filter(({ kind }) => !NOT_COMPARED.has(kind)).flatMap((resource) =>
      this.#api.objects(resource),
    );
    return fingerprint(
      objects.flatMap((object) => view(object) ?? []),
      this.#names,
    );
  }

  #isAnybodyDead(): boolean {
    return this.#operators.some((operator) => operator === undefined || operator.isDead);
  }

  #startOperators(): void {
    const nowMs = this.clock.monotonicMs();
    for (const [index, nextFault] of this.#options.faults.entries()) {
      const operator = this.#operators[index];
      if (operator?.isDead === false) continue;
      this.#restartAtMs[index] ??= operator === undefined ? nowMs : nowMs + RESTART_MS;
      if (nowMs < this.#restartAtMs[index]) continue;
      delete this.#restartAtMs[index];
      const { clock, forge, ledger } = this;
      const { random, latencyMs } = this.#options;
      const api = { handle: (request: ApiRequest) => this.#guarded(request) };
      this.#operators[index] = new OperatorProcess({
        api,
        ledger,
        forge: forge.client,
        assets: forge.assets,
        clock,
        random,
        latencyMs,
        nextFault,
      });
    }
  }

  #guarded(request: ApiRequest) {
    const version = this.#api.version;
    const answer = this.#guard.handle(request);
    if (this.#api.version !== version) this.#operatorWrites += 1;
    return answer;
  }

  /** Told apart by its beginning alone, as the names of children have it; an odd factor never gives the same twice. */
  #newUID(): string {
    this.#uids += 1;
    const start = Math.imul(this.#uids, 0x9e3779b1) >>> 0;
    return `${start.toString(16).padStart(8, '0')}-0000-4000-8000-cccccccccccc`;
  }

  /** Names of children hold the beginning of a uid. */
  #withoutUIDs(name: string): string {
    return [...this.#names].reduce((text, [uid, owner]) => text.replaceAll(uid.slice(0, 8), owner), name);
  }

  #learnNames(): void {
    for (const resource of KINDS) {
      for (const { metadata, kind } of this.#api.objects(resource)) {
        const { uid = '', name } = metadata;
        if (!this.#names.has(uid)) this.#names.set(uid, `${kind} ${this.#withoutUIDs(name)}`);
      }
    }
    for (const org of this.#api.objects(ORGS) as readonly Org[]) {
      if (org.status?.rootID !== undefined) this.#names.set(org.status.rootID, `root of ${org.metadata.namespace}`);
    }
  }
}
