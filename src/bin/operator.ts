#!/usr/bin/env node
import { Gauge, Registry } from '@prometheus-io/client';
import { createForgeClient } from '../assets/fetch/forge-client.ts';
import { createAssetServer } from '../assets/server/asset-server.ts';
import { createTokenReviewer } from '../assets/server/token-review.ts';
import { createAssetStore } from '../assets/store/asset-store.ts';
import { declareOrgController } from '../controllers/org/controller.ts';
import { canRestartInPlace, declareStores } from '../controllers/stores.ts';
import { declareTemplateAssetController } from '../controllers/template-asset/controller.ts';
import { SourceChecker } from '../controllers/template-asset/source-checker.ts';
import { createAssetAccess } from '../controllers/workspace/asset-access.ts';
import { declareWorkspaceController } from '../controllers/workspace/controller.ts';
import { readPod } from '../controllers/workspace/read-pod.ts';
import { ReportInbox } from '../controllers/workspace/reports.ts';
import type { ObjectKey } from '../kube/objects.ts';
import { type OpenClient, openKubeClient } from '../kube/open-client.ts';
import { findMigrations } from '../ledger/find-migrations.ts';
import { openLedger } from '../ledger/postgres/ledger.ts';
import { coerceError } from '../platform/errors.ts';
import { createLogger } from '../platform/log.ts';
import { createSystemClock } from '../runtime/clock.ts';
import { createEventSink } from '../runtime/events.ts';
import { Manager } from '../runtime/manager.ts';
import { createRuntimeMetrics } from '../runtime/metrics.ts';
import { createShutdown } from '../runtime/shutdown.ts';
import { readConfig } from './operator/config.ts';
import { createHealthServer } from './operator/health-server.ts';
import { withoutLedger } from './operator/no-ledger.ts';

const GRACE_MS = 10_000;
const MATERIALIZE = ['/nodejs/bin/node', '/app/materialize.mjs'];

const config = readConfig(process.argv, process.env);
const log = createLogger({ name: 'operator', level: config.logLevel });
const registry = new Registry();
const metrics = createRuntimeMetrics(registry);
const clock = createSystemClock();
const shutdown = createShutdown({ process, graceMs: GRACE_MS });

const { client, credentials } = connect();

function connect(): OpenClient {
  try {
    return openKubeClient({
      kubeconfig: config.kubeconfig,
      userAgent: 'molecule-operator',
      onResponse: (method, code) => metrics.requests.inc({ method, code: String(code) }),
    });
  } catch (error) {
    log.fatal({ reason: coerceError(error).message }, 'Cannot start');
    process.exit(1);
  }
}
const ledger =
  config.ledgerURL === undefined
    ? withoutLedger()
    : openLedger({
        url: config.ledgerURL,
        migrations: findMigrations(import.meta.url),
        maxConnections: config.ledgerConnections,
        log,
      });
const manager = new Manager({
  client,
  intents: ledger,
  events: createEventSink({ client, clock, log }),
  clock,
  random: Math.random,
  log,
  metrics,
});
const stores = declareStores(manager);
const forge = createForgeClient();
const store = await createAssetStore({ root: config.storeDir, forge });
const inbox = new ReportInbox();
const sources = {
  ...stores,
  reportOf: (uid: string) => inbox.get(uid),
  canRestartInPlace: () => canRestartInPlace(stores.nodes),
  readPod: (key: ObjectKey, signal: AbortSignal) => readPod(client, key, signal),
  settings: {
    programImage: config.programImage,
    materializeCommand: MATERIALIZE,
    assetServerURL: config.assetServerURL,
  },
};
declareOrgController(manager, stores);
const templateAssets = declareTemplateAssetController(manager, {
  stores,
  checker: new SourceChecker({ client, forge, store, now: () => clock.monotonicMs() }),
});
const workspaces = declareWorkspaceController(manager, { stores, sources, workers: config.workers });
stores.workspaces.onChange((before, after) => {
  if (before !== undefined && after === undefined) inbox.forget(before.metadata.uid ?? '');
});

const assetServer = createAssetServer({
  reviewToken: createTokenReviewer({ client }),
  authorize: createAssetAccess(sources),
  openBundle: (digest, signal) => store.open(digest, signal),
  onReport: (workspace, report) => {
    inbox.put(workspace.uid, { podUID: workspace.podUID, receivedAt: clock.now(), report });
    workspaces.enqueue(workspace);
  },
  onMissing: (workspace) => templateAssets.refetch(workspace),
  onError: (error) => log.warn({ reason: error.message }, 'Asset request failed'),
});
const health = createHealthServer({ registry, unhealthyKinds: () => manager.unhealthyKinds });
new Gauge({
  name: 'molecule_watched_objects',
  help: 'Objects in memory by kind',
  labelNames: ['kind'],
  registers: [registry],
  collect() {
    for (const [kind, { size }] of Object.entries(stores)) this.set({ kind }, size);
    for (const [name, depth] of manager.queueDepths) metrics.queueDepth.set({ name }, depth);
  },
});

// Continuing after an error that nobody expected would be deciding on unknown ground; the next process starts from the truth.
process.on('unhandledRejection', (error) => {
  log.fatal({ err: error }, 'Unhandled rejection');
  process.exit(1);
});

log.info(
  { server: credentials.server, assetServerURL: config.assetServerURL, ledger: config.ledgerURL !== undefined },
  'Starting',
);
ledger
  .prepare(shutdown.stop)
  .catch((error: Error) =>
    log.warn({ reason: error.message }, 'The ledger does not answer; nothing is destroyed until it does'),
  );
await assetServer.listen(config.assetServer);
await health.listen(config.metrics);
await manager.run(shutdown);
log.info('Stopped');
await Promise.all([assetServer.close(), health.close(), ledger.close()]);
client.close();
