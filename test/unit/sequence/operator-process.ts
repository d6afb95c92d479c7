import { Registry } from '@prometheus-io/client';
import type { ForgeClient } from '../../../src/assets/fetch/forge.ts';
import type { AssetStore } from '../../../src/assets/store/asset-store.ts';
import { declareControllers } from '../../../src/controllers/declare-controllers.ts';
import { TransportError } from '../../../src/kube/errors.ts';
import { HttpKubeClient, type HttpTransport } from '../../../src/kube/http-client.ts';
import type { TransportRequest, TransportResponse, TransportStream } from '../../../src/kube/transport.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/log.ts';
import type { IntentLog } from '../../../src/runtime/controller.ts';
import { EventRecorder } from '../../../src/runtime/events.ts';
import { Manager } from '../../../src/runtime/manager.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import { CLEAR } from '../../builders/approval-request.ts';
import { createMemoryTransport } from '../../memory-api/memory-transport.ts';
import type { ApiRequest, ApiResponse, ApiWatch } from '../../memory-api/rest.ts';
import type { FaultSource } from './faults.ts';

export interface OperatorProcessOptions {
  readonly api: { handle(request: ApiRequest): ApiResponse | ApiWatch };
  readonly ledger: Ledger;
  readonly forge: ForgeClient;
  readonly assets: AssetStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly nextFault: FaultSource;
  /** How long a request, an answer or a line of a watch is under way. */
  readonly latencyMs: () => number;
}

const SETTINGS = {
  programImage: 'example/operator:1',
  materializeCommand: ['materialize'],
  assetServerURL: 'http://assets.example:8081',
  assetServerPort: 8081,
  tierSizes: new Map(),
};

/**
 * One operator as bin/operator.ts puts it together, in this process, that can die in the midst of everything: its memory is
 * thrown away, and nothing that it still does reaches anybody.
 */
export class OperatorProcess {
  readonly #options: OperatorProcessOptions;
  readonly #api: HttpTransport;
  readonly #life = new AbortController();

  constructor(options: OperatorProcessOptions) {
    this.#options = options;
    this.#api = createMemoryTransport(options.api);
    const { clock, random } = options;
    const { signal } = this.#life;
    const client = new HttpKubeClient(this.#transport(), { clock, random });
    const log = createLogger({ name: 'operator', level: 'silent' });
    const metrics = createRuntimeMetrics(new Registry());
    const manager = new Manager({
      client,
      intents: this.#intents(),
      events: new EventRecorder({ client, clock, random, log, metrics, signal }),
      clock,
      random,
      log,
      metrics,
    });
    const { forge, assets, ledger } = options;
    declareControllers(manager, {
      client,
      clock,
      random,
      log,
      forge,
      assets,
      settings: SETTINGS,
      holderOf: () => undefined,
      clearance: { current: () => CLEAR, onChange: () => undefined },
      ledger,
      workers: 4,
    });
    void manager.run({ stop: signal, kill: signal });
  }

  get isDead(): boolean {
    return this.#life.signal.aborted;
  }

  die(): void {
    this.#life.abort(new Error('The process died'));
  }

  #transport(): HttpTransport {
    return {
      call: (request) => this.#call(request),
      stream: (request) => this.#stream(request),
      close: () => undefined,
    };
  }

  async #call(request: TransportRequest): Promise<TransportResponse> {
    await this.#underWay(request.signal);
    const call = (): Promise<TransportResponse> => this.#api.call(request);
    const lost = (): Error => new TransportError('Cannot get an answer of the apiserver: the connection broke');
    const answer = await (request.method === 'GET' ? call() : this.#effect(call, lost));
    await this.#underWay(request.signal);
    return answer;
  }

  async #stream(request: TransportRequest): Promise<TransportStream> {
    await this.#underWay(request.signal);
    const stream = await this.#api.stream(request);
    const underWay = (): Promise<void> => this.#underWay(request.signal);
    return { ...stream, chunks: delayed(stream.chunks, underWay) };
  }

  #intents(): IntentLog {
    const { ledger } = this.#options;
    const lost = (): Error => new LedgerUnavailableError('The connection broke');
    return {
      approve: (effect, signal) => this.#effect(() => ledger.approve(effect, signal), lost),
      record: (intent, signal) => this.#effect(() => ledger.record(intent, signal), lost),
      conclude: (outcome, signal) => this.#effect(() => ledger.conclude(outcome, signal), lost),
    };
  }

  async #effect<T>(effect: () => Promise<T>, lost: () => Error): Promise<T> {
    this.#life.signal.throwIfAborted();
    const fault = this.#options.nextFault();
    if (fault === 'died before') this.die();
    if (fault === 'died before' || fault === 'request lost') throw lost();
    const answer = await effect();
    if (fault === 'died after') this.die();
    if (fault !== undefined) throw lost();
    return answer;
  }

  async #underWay(signal: AbortSignal): Promise<void> {
    const delayMs = this.#options.latencyMs();
    if (delayMs > 0) await this.#options.clock.sleep(delayMs, signal);
    this.#life.signal.throwIfAborted();
  }
}

async function* delayed(chunks: AsyncIterable<Buffer>, underWay: () => Promise<void>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    await underWay();
    yield chunk;
  }
}
