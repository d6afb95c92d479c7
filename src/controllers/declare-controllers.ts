import { PERSISTENT_VOLUME_CLAIMS, PODS } from '../apis/v1alpha1/resources.ts';
import type { ForgeClient } from '../assets/fetch/forge.ts';
import type { AssetServerOptions } from '../assets/server/asset-server.ts';
import type { AssetStore } from '../assets/store/asset-store.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Ledger } from '../ledger/port.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/log.ts';
import type { Manager } from '../runtime/manager.ts';
import { declareApprovalController } from './approval-request/controller.ts';
import type { ClearanceSource } from './clearance.ts';
import { orgsOf, workspacesOf } from './identities.ts';
import { declareOrgController } from './org/controller.ts';
import type { IsolationSettings } from './org/isolation.ts';
import { declareRetainedVolumeController } from './retained-volume/controller.ts';
import { canRestartInPlace, declareStores, type Stores } from './stores.ts';
import { declareTemplateAssetController } from './template-asset/controller.ts';
import { createAssetAccess } from './workspace/asset-access.ts';
import { declareWorkspaceController } from './workspace/controller.ts';
import { identify } from './workspace/identify.ts';
import type { WorkspaceSettings } from './workspace/intent.ts';
import { observePod, observeVolume } from './workspace/observe.ts';
import { declareOrphanController } from './workspace/orphan-controller.ts';
import { PodHistory } from './workspace/pod-history.ts';
import { readLive } from './workspace/read-live.ts';
import { ReportInbox } from './workspace/reports.ts';
import { SecretReader } from './workspace/secret-reader.ts';

export interface ControllersOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly forge: ForgeClient;
  readonly assets: AssetStore;
  readonly settings: WorkspaceSettings & IsolationSettings;
  /** uid of who holds an id by the ledger; undefined: nobody, or it is not known. */
  readonly holderOf: (id: string) => string | undefined;
  /** Whether anything may be destroyed now. */
  readonly clearance: ClearanceSource;
  /** What is read of it. What it is told goes the way of every plan. */
  readonly ledger: Pick<Ledger, 'readCase' | 'readSnapshot' | 'mayErase'>;
  /** Workspaces that are worked on at once. */
  readonly workers: number;
}

/** The controllers of one operator: what they watch, and what they tell and ask of its asset server. */
export interface Controllers extends Pick<AssetServerOptions, 'authorize' | 'onReport' | 'onMissing'> {
  readonly stores: Stores;
  /** The ledger says who holds an id, and it is not who was thought to. */
  readonly onClaimLost: (id: string) => void;
}

/** All of them, on one set of stores. They begin once the manager runs. */
export function declareControllers(manager: Manager, options: ControllersOptions): Controllers {
  const { client, clock, random, log, forge, assets, settings, holderOf, clearance, ledger, workers } = options;
  const stores = declareStores(manager);
  const inbox = new ReportInbox(() => clock.monotonicMs());
  const history = new PodHistory();
  const secrets = new SecretReader({ client, now: () => clock.monotonicMs() });
  const orgs = declareOrgController(manager, { stores, sources: { ...stores, holderOf, clearance, settings } });
  const templateAssets = declareTemplateAssetController(manager, {
    stores,
    clearance,
    client,
    forge,
    assets,
    clock,
    random,
    log,
  });
  stores.pods.onChange((before, after) => history.note(before, after));
  const workspaces = declareWorkspaceController(manager, {
    stores,
    sources: {
      ...stores,
      holderOf,
      clearance,
      reportOf: (uid) => inbox.get(uid),
      endedPodOf: (key) => history.get(key),
      canRestartInPlace: () => canRestartInPlace(stores.nodes),
      readPod: (key, signal) => readLive(client, { resource: PODS, observe: observePod }, { key, signal }),
      readVolume: (key, signal) =>
        readLive(client, { resource: PERSISTENT_VOLUME_CLAIMS, observe: observeVolume }, { key, signal }),
      readSecret: (request, signal) => secrets.read(request, signal),
      settings,
    },
    workers,
  });
  declareApprovalController(manager, { stores, client, ledger, clearance, clock });
  declareRetainedVolumeController(manager, {
    stores,
    client,
    ledger,
    clearance: () => clearance.current(),
    now: () => clock.now(),
  });
  declareOrphanController(manager, { stores, monotonicMs: () => clock.monotonicMs() });
  stores.workspaces.onChange((before, after) => {
    if (before === undefined || after !== undefined) return;
    inbox.forget(before.metadata.uid ?? '');
    history.forget({ namespace: before.metadata.namespace ?? '', name: identify(before, undefined).childName });
  });
  return {
    stores,
    onClaimLost: (id) => {
      for (const key of orgsOf([id], stores)) orgs.enqueue(key);
      for (const key of workspacesOf([id], stores)) workspaces.enqueue(key);
    },
    authorize: createAssetAccess(stores),
    onReport: (workspace, report) => {
      const afterMs = inbox.put(workspace.uid, { podUID: workspace.podUID, receivedAt: clock.now(), report });
      workspaces.enqueue(workspace, { afterMs });
    },
    onMissing: (workspace) => templateAssets.refetch(workspace),
  };
}
