import { LABELS, MANAGED_BY } from '../../src/apis/v1alpha1/names.ts';
import { PERSISTENT_VOLUME_CLAIMS, PODS } from '../../src/apis/v1alpha1/resources.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { type KubeObject, keyOf, type Resource } from '../../src/kube/objects.ts';
import { waitFor } from '../lib/wait.ts';
import { createFleet, NAMESPACE, waitUntilReady } from './fleet.ts';
import { startOperator, waitUntilQuiet } from './operator.ts';
import { percentile, printResult, round } from './results.ts';
import type { Rig } from './rig.ts';

const SAMPLES = 100;
/** Names of Workspaces that are made while the last measurement runs, apart from those of the fleet. */
const LOAD = { count: 500, prefix: 'load' };

/**
 * How long damage lasts: from the watch event that shows it to the one that shows it healed, both seen by one watcher. A Pod
 * that is deleted, an owned label that is changed on a Pod, and one on a volume; then Pods again while other Workspaces are
 * being made.
 */
export async function measureDrift(rig: Rig, count: number): Promise<void> {
  const { client, controlPlane, access, dir, signal, countSince } = rig;
  console.log(`Making ${count} Workspaces Ready`);
  await createFleet(client, { count, signal });
  const operator = await startOperator({ kubeconfig: access.kubeconfig, dir, signal });
  await waitUntilReady(client, { count: count + 1, signal: operator.signal });
  // Labels of volumes are damaged as where the guard is missing; where it is in force nobody can.
  await controlPlane.kubectl.must(['delete', 'validatingadmissionpolicybinding', 'volumes.moleculesai.app'], {
    signal,
  });
  await waitUntilQuiet(operator);

  const since = new Date();
  const samples = Math.min(SAMPLES, count);
  console.log(
    `Idle: ${samples} Pods deleted, labels changed on ${samples} Pods and ${samples} volumes, one after the other`,
  );
  const idle = await measureEach(client, { resource: PODS, samples, damage: deletePod, signal: operator.signal });
  const podLabels = await measureEach(client, {
    resource: PODS,
    samples,
    damage: changeLabel(PODS),
    signal: operator.signal,
  });
  const claims = {
    resource: PERSISTENT_VOLUME_CLAIMS,
    samples,
    damage: changeLabel(PERSISTENT_VOLUME_CLAIMS),
    signal: operator.signal,
  };
  const volumeLabels = await measureEach(client, claims);
  await waitUntilQuiet(operator);
  const requests = await countSince(since);

  console.log(`Under load: the same for Pods while ${LOAD.count} Workspaces are made`);
  const load = createFleet(client, { ...LOAD, signal });
  const loaded = await measureEach(client, { resource: PODS, samples, damage: deletePod, signal: operator.signal });
  await load;
  await operator.stop();
  console.table(requests.writesByKind);
  printResult({
    workspaces: count + 1,
    samples,
    ...spread('podIdle', idle),
    ...spread('podLabel', podLabels),
    ...spread('volumeLabel', volumeLabels),
    ...spread('podLoaded', loaded),
    writesPerHeal: round(requests.writes / (3 * samples)),
  });
}

type Damage = (client: KubeClient, object: KubeObject, signal: AbortSignal) => Promise<void>;

const deletePod: Damage = (client, pod, signal) =>
  client.delete(PODS, keyOf(pod), { uid: pod.metadata.uid ?? '', gracePeriodSeconds: 0, signal });

function changeLabel(resource: Resource): Damage {
  const patch = { metadata: { labels: { [LABELS.workspace]: 'somebody-elses' } } };
  return async (client, object, signal) => {
    await client.patch(resource, keyOf(object), patch, { fieldManager: 'bench', signal });
  };
}

/** Milliseconds of damage, one per object. */
async function measureEach(
  client: KubeClient,
  options: {
    readonly resource: Resource;
    readonly samples: number;
    readonly damage: Damage;
    readonly signal: AbortSignal;
  },
): Promise<readonly number[]> {
  const { resource, samples, damage, signal } = options;
  const stop = new AbortController();
  const watched = AbortSignal.any([signal, stop.signal]);
  const damagedAt = new Map<string, number>();
  const healed = new Map<string, number>();
  const synced = Promise.withResolvers<void>();
  const onSynced = synced.resolve;
  const watching = follow(client, { resource, signal: watched, onSynced }, (object, isThere) => {
    const { name } = object.metadata;
    const isWhole = isThere && object.metadata.labels?.[LABELS.workspace] !== 'somebody-elses';
    const since = damagedAt.get(name);
    if (!isWhole) damagedAt.set(name, performance.now());
    else if (since !== undefined && !healed.has(name)) healed.set(name, performance.now() - since);
  });
  const { items } = await client.list(resource, {
    namespace: NAMESPACE,
    labelSelector: `${LABELS.managedBy}=${MANAGED_BY}`,
    limit: samples,
    signal,
  });
  await Promise.race([synced.promise, watching]);
  for (const object of items) {
    await damage(client, object, signal);
    await waitFor(async () => healed.has(object.metadata.name), {
      what: `${resource.kind} ${object.metadata.name} be whole again`,
      timeoutMs: 30_000,
      intervalMs: 2,
      signal,
    });
  }
  stop.abort();
  await watching;
  return [...healed.values()];
}

async function follow(
  client: KubeClient,
  options: { readonly resource: Resource; readonly signal: AbortSignal; readonly onSynced: () => void },
  onChange: (object: KubeObject, isThere: boolean) => void,
): Promise<void> {
  const { resource, signal, onSynced } = options;
  try {
    while (!signal.aborted) {
      const scope = { namespace: NAMESPACE, sendInitialEvents: true, signal };
      for await (const event of client.watch<KubeObject>(resource, scope)) {
        if (event.type !== 'BOOKMARK') onChange(event.object, event.type !== 'DELETED');
        else if (event.initialEventsEnd) onSynced();
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function spread(name: string, values: readonly number[]): Readonly<Record<string, number>> {
  return { [`${name}P50Ms`]: round(percentile(values, 0.5)), [`${name}P99Ms`]: round(percentile(values, 0.99)) };
}
