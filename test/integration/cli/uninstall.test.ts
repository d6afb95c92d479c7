import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../../hack/control-plane.ts';
import { CHECKOUT_DIR } from '../../../hack/lib/paths.ts';
import { waitFor } from '../../../hack/lib/wait.ts';
import { API_VERSION, APPROVAL_FINALIZER, VOLUME_FINALIZER } from '../../../src/apis/v1alpha1/names.ts';
import type { ClusterClient, Connect } from '../../../src/cli/connect.ts';
import { runMolecule } from '../../../src/cli/molecule.ts';
import { openCluster } from '../../../src/cli/open-cluster.ts';
import { PROBE_CLAIM } from '../../../src/guard/probes.ts';
import { controlPlane as shared } from '../../support/control-plane.ts';
import { type Captured, capture } from '../../unit/cli/capture.ts';

const MANIFEST = join(CHECKOUT_DIR, 'manifests', 'install.yaml');
const LABELS = {
  'app.kubernetes.io/managed-by': 'molecule-operator',
  'moleculesai.app/workspace': 'writer',
  'moleculesai.app/incarnation': 'w1',
};
const CLAIM_ANNOTATIONS = { 'moleculesai.app/incarnation': 'w1', 'moleculesai.app/workspace-uid': 'u1' };

// One of its own: what is taken away here is what every other test needs.
let cluster: ControlPlane;

beforeAll(async () => {
  cluster = await startControlPlane({ dir: join(shared().dir, 'uninstall'), hasControllerManager: true });
});
afterAll(() => cluster?.stop());

/** Everything installed, and an Org with an agent that nobody runs. The operator's Pods wait for a node for ever. */
beforeEach(async () => {
  const { kubectl } = cluster;
  await waitFor(async () => (await kubectl.run(['apply', '--server-side', '-f', MANIFEST])).code === 0, {
    what: 'everything installed',
    timeoutMs: 30_000,
    intervalMs: 500,
  });
  await kubectl.run(['create', 'namespace', 'acme']);
  const metadata = { namespace: 'acme' };
  // The policy that puts it on may not be heard of yet.
  const held = { ...metadata, finalizers: [APPROVAL_FINALIZER] };
  const items = [
    { apiVersion: API_VERSION, kind: 'Org', metadata: { ...held, name: 'org' }, spec: { displayName: 'Acme' } },
    { apiVersion: API_VERSION, kind: 'Workspace', metadata: { ...held, name: 'writer' }, spec: {} },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, name: 'writer-w1', labels: LABELS },
      spec: { automountServiceAccountToken: false, containers: [{ name: 'agent', image: 'example.invalid/agent:1' }] },
    },
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        ...metadata,
        name: 'molecule-agent',
        labels: { 'app.kubernetes.io/managed-by': 'molecule-operator' },
      },
    },
  ];
  // What the operator makes for itself, and what is not its own.
  const secrets = ['molecule-webhook', 'molecule-ledger'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'molecule-system', name },
  }));
  const claims = ['writer-w1', 'doomed-w2'].map((name) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...metadata, name, labels: LABELS, annotations: CLAIM_ANNOTATIONS, finalizers: [VOLUME_FINALIZER] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }));
  const input = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [...items, ...secrets, PROBE_CLAIM, ...claims],
  });
  await waitFor(
    async () => (await kubectl.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input })).code === 0,
    {
      what: 'an Org with an agent',
      timeoutMs: 30_000,
      intervalMs: 500,
    },
  );
  await waitFor(async () => (await names('pods', 'molecule-system')).length === 1, {
    what: "the operator's Pod",
    timeoutMs: 30_000,
  });
});

async function names(resource: string, namespace?: string): Promise<readonly string[]> {
  const where = namespace === undefined ? ['-A'] : ['-n', namespace];
  const { stdout } = await cluster.kubectl.run(['get', resource, ...where, '-o', 'name']);
  return stdout.split('\n').filter((line) => line !== '');
}

async function claim(name: string): Promise<{
  readonly metadata: Readonly<Record<'uid' | 'deletionTimestamp', string | undefined>> & {
    readonly finalizers?: readonly string[];
    readonly labels: unknown;
    readonly annotations: Readonly<Record<string, string>>;
  };
}> {
  return JSON.parse(await cluster.kubectl.must(['get', 'pvc', name, '-n', 'acme', '-o', 'json']));
}

/** Runs it in this process; `connect` may put something between it and the cluster. */
function uninstall(
  flags: readonly string[],
  { connect = openCluster, signal = new AbortController().signal }: { connect?: Connect; signal?: AbortSignal } = {},
): Promise<Captured> {
  const argv = ['uninstall', '--kubeconfig', cluster.adminKubeconfig, ...flags];
  const programURL = new URL('../../../src/bin/kubectl-molecule.ts', import.meta.url).href;
  return capture((io) => runMolecule(argv, { io, connect, now: () => new Date(), programURL, signal }));
}

async function expectUninstalled(uid: string | undefined): Promise<void> {
  const { metadata } = await claim('writer-w1');
  expect(metadata).toMatchObject({ uid, labels: LABELS, annotations: CLAIM_ANNOTATIONS });
  expect(metadata.deletionTimestamp).toBeUndefined();
  expect(metadata.finalizers).not.toContain(VOLUME_FINALIZER);
  expect((await names('crd')).filter((name) => name.endsWith('moleculesai.app'))).toEqual([]);
  for (const kind of ['validatingadmissionpolicy', 'validatingadmissionpolicybinding', 'mutatingadmissionpolicy'])
    expect((await names(kind)).filter((name) => name.endsWith('moleculesai.app'))).toEqual([]);
  expect(await names('pods', 'acme')).toEqual([]);
  expect(await names('deployments,services,networkpolicies', 'molecule-system')).toEqual([]);
  expect((await names('clusterroles,clusterrolebindings')).filter((name) => name.includes('/molecule-'))).toEqual([]);
  expect(await names('secrets,pvc', 'molecule-system')).toEqual(['secret/molecule-ledger']);
  expect(await names('serviceaccounts', 'acme')).toEqual(['serviceaccount/default']);
  expect(await names('namespaces')).toContain('namespace/molecule-system');
}

describe('kubectl molecule uninstall', () => {
  it('refuses to erase data, and to go on unasked', async () => {
    const without = await uninstall([]);
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing erases the data of agents') });
    const unasked = await uninstall(['--keep-data']);
    expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining('add --yes') });
    expect((await names('crd')).filter((name) => name.endsWith('moleculesai.app'))).toHaveLength(4);
  });

  it('shows in a dry run what it would do, and does nothing', async () => {
    const before = await cluster.kubectl.must(['get', 'orgs,workspaces,pvc', '-n', 'acme', '-o', 'json']);
    const { code, stdout } = await uninstall(['--keep-data', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('Stop the operator: Deployment molecule-system/molecule-operator');
    expect(stdout).toContain(
      'Take our finalizers off Orgs, Workspaces, TemplateAssets and ApprovalRequests: Org acme/org',
    );
    expect(stdout).toContain('Nothing was changed (--dry-run)');
    expect(await cluster.kubectl.must(['get', 'orgs,workspaces,pvc', '-n', 'acme', '-o', 'json'])).toBe(before);
  });

  it('takes everything away but the volumes and the namespace of the ledger', async () => {
    const { uid } = (await claim('writer-w1')).metadata;
    const { code, stderr, stdout } = await uninstall(['--keep-data', '--yes', '-o', 'json']);
    expect({ code, stderr: stderr.split('\n').filter((line) => line.startsWith('Error')) }).toEqual({
      code: 0,
      stderr: [],
    });
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'UninstallReport', isDryRun: false, stillHeld: [] });
    await expectUninstalled(uid);
  });

  it('goes on after an interruption behind every single write', async () => {
    const { uid } = (await claim('writer-w1')).metadata;
    let runs = 0;
    for (let code = 130; code === 130; runs += 1) {
      expect(runs).toBeLessThan(100);
      const abort = new AbortController();
      ({ code } = await uninstall(['--keep-data', '--yes'], {
        connect: stopAfterOneWrite(abort),
        signal: abort.signal,
      }));
    }
    expect(runs).toBeGreaterThan(20);
    await expectUninstalled(uid);
  });

  it('leaves its finalizer on a volume that somebody deleted already, so that it stays', async () => {
    await uninstall(['--keep-data', '--yes']);
    // Without the guard that DELETE is let in, as it was before there was one.
    const { uid } = (await claim('doomed-w2')).metadata;
    const add = JSON.stringify({ metadata: { finalizers: [VOLUME_FINALIZER] } });
    await cluster.kubectl.must(['patch', 'pvc', 'doomed-w2', '-n', 'acme', '--type=merge', '-p', add]);
    await cluster.kubectl.must(['delete', 'pvc', 'doomed-w2', '-n', 'acme', '--wait=false']);
    const { code, stdout } = await uninstall(['--keep-data', '--yes']);
    expect(code).toBe(0);
    expect(stdout).toContain('PersistentVolumeClaim acme/doomed-w2 was deleted by somebody already');
    expect((await claim('doomed-w2')).metadata).toMatchObject({ uid, finalizers: [VOLUME_FINALIZER] });
    const none = JSON.stringify({ metadata: { finalizers: null } });
    await cluster.kubectl.must(['patch', 'pvc', 'doomed-w2', '-n', 'acme', '--type=merge', '-p', none]);
  });

  it('lets nothing of ours hold on to what was being deleted', async () => {
    await cluster.kubectl.must(['delete', 'workspace', 'writer', '-n', 'acme', '--wait=false']);
    const { stdout } = await cluster.kubectl.run(['get', 'workspace', 'writer', '-n', 'acme', '-o', 'json']);
    expect(JSON.parse(stdout).metadata.finalizers).toEqual([APPROVAL_FINALIZER]);
    const { uid } = (await claim('writer-w1')).metadata;
    expect((await uninstall(['--keep-data', '--yes'])).code).toBe(0);
    await expectUninstalled(uid);
  });
});

/** The process ends as by Ctrl-C, behind its first write. */
function stopAfterOneWrite(abort: AbortController): Connect {
  return async (options) => {
    const opened = await openCluster(options);
    const interrupt = <T>(result: T): T => {
      abort.abort(new Error('Interrupted'));
      return result;
    };
    const client: ClusterClient = {
      get: (...call) => opened.client.get(...call),
      list: (...call) => opened.client.list(...call),
      watch: (...call) => opened.client.watch(...call),
      create: (...call) => opened.client.create(...call),
      read: (...call) => opened.client.read(...call),
      patch: async (...call) => interrupt(await opened.client.patch(...call)),
      delete: async (...call) => interrupt(await opened.client.delete(...call)),
    };
    return { ...opened, client, close: () => opened.close() };
  };
}
