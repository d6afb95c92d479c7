#!/usr/bin/env node
import { Registry } from '@prometheus-io/client';
import { createAddressPolicy } from '../assets/fetch/address-policy.ts';
import { createFluxClient } from '../assets/fetch/flux-client.ts';
import { createForgeClient } from '../assets/fetch/forge-client.ts';
import { createAssetServer } from '../assets/server/asset-server.ts';
import { createTokenReviewer } from '../assets/server/token-review.ts';
import { createAssetStore } from '../assets/store/asset-store.ts';
import { declareControllers } from '../controllers/declare-controllers.ts';
import { sweepStore } from '../controllers/template-asset/sweep-store.ts';
import { composeClearance } from '../guard/clearance.ts';
import { createGuard } from '../guard/create-guard.ts';
import { type OpenClient, openKubeClient } from '../kube/open-client.ts';
import { findMigrations } from '../ledger/find-migrations.ts';
import { IdentityRegistry } from '../ledger/identity-registry.ts';
import { LeaseMemory } from '../ledger/lease-memory.ts';
import { MonitoredLedger } from '../ledger/monitored-ledger.ts';
import { openLedger } from '../ledger/postgres/ledger.ts';
import { createSystemClock } from '../platform/clock.ts';
import { coerceError } from '../platform/errors.ts';
import { createLogger } from '../platform/log.ts';
import { EventRecorder } from '../runtime/events.ts';
import { Manager } from '../runtime/manager.ts';
import { createRuntimeMetrics } from '../runtime/metrics.ts';
import { createShutdown } from '../runtime/shutdown.ts';
import { registerApprovalGauges } from './operator/approval-gauges.ts';
import { readConfig } from './operator/config.ts';
import { livenessChecks, readinessChecks } from './operator/health-checks.ts';
import { createHealthServer } from './operator/health-server.ts';
import { createLeadership } from './operator/leadership.ts';
import { withoutLedger } from './operator/no-ledger.ts';
import { registerProcessMetrics } from './operator/process-metrics.ts';
import { runWebhook } from './operator/start-webhook.ts';
import { registerStoreGauges } from './operator/store-gauges.ts';

/** Below the Pod's terminationGracePeriodSeconds, so that the last word is ours. */
const GRACE_MS = 20_000;
const MATERIALIZE = ['/nodejs/bin/node', '/app/materialize.mjs'];

const config = readConfig(process.argv, process.env);
const log = createLogger({ name: 'operator', level: config.logLevel });
const registry = new Registry();
const metrics = createRuntimeMetrics(registry);
const clock = createSystemClock();
const shutdown = createShutdown({ process, graceMs: GRACE_MS });

const { client, credentials } = connect('molecule-operator');
// Behind thousands of calls of passes a renewal of the Lease or a probe would come too late.
const { client: sideClient } = connect('molecule-operator/side');

function connect(userAgent: string): OpenClient {
  try {
    return openKubeClient({
      kubeconfig: config.kubeconfig,
      userAgent,
      onConnection: () => metrics.connections.inc(),
      onResponse: (method, code, tookMs) => {
        metrics.requests.inc({ method, code: String(code) });
        metrics.requestSeconds.observe({ verb: method }, tookMs / 1000);
      },
    });
  } catch (error) {
    log.fatal({ reason: coerceError(error).message }, 'Cannot start');
    process.exit(1);
  }
}
const ledger = new MonitoredLedger({
  ledger:
    config.ledgerURL === undefined
      ? withoutLedger()
      : openLedger({
          url: config.ledgerURL,
          migrations: findMigrations(import.meta.url),
          maxConnections: config.ledgerConnections,
          memory: new LeaseMemory(sideClient),
          clock,
          log,
        }),
  isConfigured: config.ledgerURL !== undefined,
  clock,
  log,
});
const identities = new IdentityRegistry({
  ledger,
  clock,
  random: Math.random,
  log,
  onLost: (id) => controllers.onClaimLost(id),
});
const recorder = new EventRecorder({ client, clock, random: Math.random, log, metrics, signal: shutdown.kill });
const leadership = createLeadership(config, { client: sideClient, clock, random: Math.random, log, metrics });
const manager = new Manager({
  client,
  intents: ledger,
  ...(config.ledgerURL === undefined ? {} : { claims: identities }),
  events: recorder,
  leadership,
  clock,
  random: Math.random,
  log,
  metrics,
});
const guard = createGuard({ client: sideClient, credentials, clock, random: Math.random, log, metrics });
const addresses = createAddressPolicy(config.forgeNetworks);
const forge = createForgeClient({ addresses });
const flux = createFluxClient({ addresses });
const store = await createAssetStore({ root: config.storeDir, maxBytes: config.storeBytes, forge, flux });
const controllers = declareControllers(manager, {
  client,
  clock,
  random: Math.random,
  log,
  forge,
  assets: store,
  settings: {
    programImage: config.programImage,
    materializeCommand: MATERIALIZE,
    assetServerURL: config.assetServerURL,
    assetServerPort: config.assetServer.port,
    tierSizes: config.tierSizes,
  },
  holderOf: (id) => identities.holderOf(id),
  ledger,
  clearance: composeClearance(ledger, guard),
  workers: config.workers,
});

const assetServer = createAssetServer({
  reviewToken: createTokenReviewer({ client }),
  authorize: controllers.authorize,
  openBundle: (digest, signal, from) => store.open(digest, signal, from),
  onReport: controllers.onReport,
  onMissing: controllers.onMissing,
  onError: (error) => log.warn({ reason: error.message }, 'Asset request failed'),
});
registerStoreGauges(registry, controllers.stores);
registerApprovalGauges(registry, { approvalRequests: controllers.stores.approvalRequests, guard, ledger });
registerProcessMetrics(registry);
const health = createHealthServer({
  registry,
  measure: () => manager.measure(),
  liveness: () => livenessChecks(manager.watches, sideClient),
  readiness: () => readinessChecks(manager.watches, shutdown.stop),
});

// Continuing after an error that nobody expected would be deciding on unknown ground; the next process starts from the truth.
process.on('unhandledRejection', (error) => {
  log.fatal({ err: error }, 'Unhandled rejection');
  process.exit(1);
});
shutdown.kill.addEventListener('abort', () => {
  log.fatal({ reason: coerceError(shutdown.kill.reason).message }, 'Cut off');
  process.exit(1);
});

log.info(
  { server: credentials.server, assetServerURL: config.assetServerURL, ledger: config.ledgerURL !== undefined },
  'Starting',
);
await assetServer.listen(config.assetServer);
await health.listen(config.metrics);
// Transfers end in their own time, while passes do and after.
const served = aborted(shutdown.stop).then(() => assetServer.close());
const passesOver = new AbortController();
const led = leadership
  .run({ stop: passesOver.signal, kill: shutdown.kill })
  .catch((error: Error) => shutdown.abort(error));
const claimed = config.ledgerURL === undefined ? undefined : identities.run(passesOver.signal);
const swept = sweepStore({ store, templateAssets: controllers.stores.templateAssets, clock, log }, passesOver.signal);
const monitored = ledger.run(passesOver.signal);
const guarded = guard.run(passesOver.signal);
const asked = runWebhook(config, { client: sideClient, ledger, clock, log, leadership }, passesOver.signal);
await manager.run(shutdown);
passesOver.abort();
await Promise.all([led, recorder.flush(), served, claimed, swept, monitored, guarded, asked]);
await Promise.all([health.close(), ledger.close()]);
client.close();
sideClient.close();
log.info('Stopped');

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
