import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

/**
 * Metrics of the runtime in one registry. The names of controller-runtime and client-go are kept, so that dashboards
 * made for them work; ours begin with `molecule_`.
 */
export interface RuntimeMetrics {
  readonly reconciles: Counter<'controller' | 'result'>;
  readonly reconcileErrors: Counter<'controller'>;
  readonly reconcileSeconds: Histogram<'controller'>;
  readonly activeWorkers: Gauge<'controller'>;
  readonly maxWorkers: Gauge<'controller'>;
  readonly queueDepth: Gauge<'name'>;
  readonly queueAdds: Counter<'name'>;
  readonly queueRetries: Counter<'name'>;
  readonly queueSeconds: Histogram<'name'>;
  readonly workSeconds: Histogram<'name'>;
  readonly unfinishedWorkSeconds: Gauge<'name'>;
  readonly longestWorkSeconds: Gauge<'name'>;
  readonly requests: Counter<'method' | 'code'>;
  readonly connections: Counter;
  readonly requestSeconds: Histogram<'verb'>;
  readonly leading: Gauge<'name'>;
  readonly relists: Counter<'kind' | 'reason'>;
  readonly listSeconds: Histogram<'kind'>;
  readonly watchErrors: Counter<'kind' | 'reason'>;
  readonly openWatches: Gauge<'kind'>;
  readonly watchAgeSeconds: Gauge<'kind'>;
  readonly unseenWrites: Counter<'controller'>;
  readonly droppedEvents: Counter<'reason'>;
}

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];

export function createRuntimeMetrics(registry: Registry): RuntimeMetrics {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name, help, labelNames: [...labelNames], registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name, help, labelNames: [...labelNames], registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Histogram<L>({ name, help, labelNames: [...labelNames], buckets: SECONDS, registers });
  return {
    reconciles: counter('controller_runtime_reconcile_total', 'Passes by controller and result', [
      'controller',
      'result',
    ]),
    reconcileErrors: counter('controller_runtime_reconcile_errors_total', 'Passes that failed', ['controller']),
    reconcileSeconds: histogram('controller_runtime_reconcile_time_seconds', 'Time of one pass', ['controller']),
    activeWorkers: gauge('controller_runtime_active_workers', 'Passes that are running', ['controller']),
    maxWorkers: gauge('controller_runtime_max_concurrent_reconciles', 'Passes that may run at once', ['controller']),
    queueDepth: gauge('workqueue_depth', 'Keys that are due and not running', ['name']),
    queueAdds: counter('workqueue_adds_total', 'Keys that became due', ['name']),
    queueRetries: counter('workqueue_retries_total', 'Keys that were put back after a failure', ['name']),
    queueSeconds: histogram('workqueue_queue_duration_seconds', 'Time from due to running', ['name']),
    workSeconds: histogram('workqueue_work_duration_seconds', 'Time of one pass, by queue', ['name']),
    unfinishedWorkSeconds: gauge(
      'workqueue_unfinished_work_seconds',
      'Time that the running passes have taken so far, added up',
      ['name'],
    ),
    longestWorkSeconds: gauge(
      'workqueue_longest_running_processor_seconds',
      'Time that the longest running pass has taken so far',
      ['name'],
    ),
    connections: counter('molecule_apiserver_connections_total', 'Connections made to the apiserver', []),
    requests: counter('rest_client_requests_total', 'Answers of the apiserver; code 0 is none', ['method', 'code']),
    requestSeconds: histogram(
      'rest_client_request_duration_seconds',
      'Time until the apiserver begins to answer, without the time in our own queue',
      ['verb'],
    ),
    leading: gauge('leader_election_master_status', '1 where this process leads', ['name']),
    relists: counter('molecule_watch_relists_total', 'Complete lists of a kind', ['kind', 'reason']),
    listSeconds: histogram('molecule_watch_list_seconds', 'Time until a complete list of a kind was there', ['kind']),
    watchErrors: counter('molecule_watch_errors_total', 'Watches that broke', ['kind', 'reason']),
    openWatches: gauge('molecule_open_watches', 'Watches that are open now; one per kind is right', ['kind']),
    watchAgeSeconds: gauge(
      'molecule_watch_age_seconds',
      'Time since the apiserver last said anything on a watch; bookmarks come about once a minute',
      ['kind'],
    ),
    unseenWrites: counter(
      'molecule_unseen_writes_total',
      'Keys that ran although the store had not seen their last write in time',
      ['controller'],
    ),
    droppedEvents: counter(
      'molecule_events_dropped_total',
      'Events that were not written: too many about one object (spam), too many waiting (overflow), refused (unwritten)',
      ['reason'],
    ),
  };
}
