/**
 * The guard examines itself with the rights of the operator's account, on a control plane of its own: what it takes away here
 * would be missing in other test files.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from '@prometheus-io/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type ControlPlane, startControlPlane } from '../../../hack/control-plane.ts';
import { installApi } from '../../../hack/install-api.ts';
import { openServiceAccount } from '../../../hack/lib/service-account.ts';
import { waitFor } from '../../../hack/lib/wait.ts';
import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from '../../../src/apis/v1alpha1/names.ts';
import { createGuard, type Guard } from '../../../src/guard/create-guard.ts';
import { examine } from '../../../src/guard/examine.ts';
import { openProbeSession } from '../../../src/guard/probe-session.ts';
import { PROBES } from '../../../src/guard/probes.ts';
import { type OpenClient, openKubeClient } from '../../../src/kube/open-client.ts';
import { createSystemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import { controlPlane as shared } from '../../support/control-plane.ts';

const TIMEOUT_MS = 30_000;
const INSTALL = 'install this release again: kubectl apply --server-side -f manifests/install.yaml';
const VOLUMES = 'volumes.moleculesai.app';

const clock = createSystemClock();
const stop = new AbortController();
let plane: ControlPlane;
let operator: OpenClient;
let monitor: Guard;
let running: Promise<unknown>;
const changes: (readonly string[] | undefined)[] = [];

beforeAll(async () => {
  const dir = join(shared().dir, 'guard');
  plane = await startControlPlane({ dir });
  await installApi(plane.kubectl);
  const account = { kubectl: plane.kubectl, namespace: OPERATOR_NAMESPACE, name: OPERATOR_SERVICE_ACCOUNT, dir };
  operator = openKubeClient({
    kubeconfig: (await openServiceAccount(account)).kubeconfig,
    userAgent: 'molecule-operator',
  });
  const { client, credentials } = operator;
  const log = createLogger({ name: 'test', level: 'silent' });
  const metrics = createRuntimeMetrics(new Registry());
  monitor = createGuard({ client, credentials, clock, random: Math.random, log, metrics });
  monitor.onChange(() => changes.push(monitor.openRoutes));
  running = monitor.run(stop.signal);
  await untilClear();
});
afterAll(async () => {
  stop.abort();
  await running;
  operator.client.close();
  await plane.stop();
});

async function untilClear(): Promise<void> {
  await waitFor(async () => monitor.openRoutes?.length === 0, { what: 'the guard be closed', timeoutMs: TIMEOUT_MS });
}

async function untilOpen(): Promise<readonly string[]> {
  return waitFor(async () => monitor.openRoutes?.length !== 0 && monitor.openRoutes, {
    what: 'the guard be open',
    timeoutMs: TIMEOUT_MS,
  });
}

async function installPolicies(): Promise<void> {
  await installApi(plane.kubectl);
}

describe('the guard as it was installed', () => {
  it('is closed, found with no more than the rights of the operator', () => {
    expect(monitor.openRoutes).toEqual([]);
  });

  it('refuses each probe by a policy of ours, to an account that has the rights', async () => {
    const session = await openProbeSession({ credentials: operator.credentials, clock }, stop.signal);
    const answers = PROBES.map(async ({ route, request }) => {
      const { code, text } = await session.call({ ...request, signal: stop.signal });
      return { route, code, policy: /ValidatingAdmissionPolicy '([^']+)'/.exec(text)?.[1] };
    });
    const given = await Promise.all(answers);
    session.close();
    expect(given.map(({ code }) => code)).toEqual(PROBES.map(() => 403));
    expect(new Set(given.map(({ policy }) => policy))).toEqual(
      new Set(
        [
          'approval-finalizer',
          'approval-request',
          'cascades',
          'namespace-of-operator',
          'owner-references',
          'restoration',
          'status',
          'volumes',
        ].map((name) => `${name}.moleculesai.app`),
      ),
    );
  });

  it('costs no write but the tokens, once its objects are there', async () => {
    const before = await plane.kubectl.must([
      'get',
      'templateasset,pvc',
      '-n',
      OPERATOR_NAMESPACE,
      '-o',
      'jsonpath={.items[*].metadata.resourceVersion}',
    ]);
    const heard = changes.length;
    monitor.examineNow();
    await examine(
      {
        client: operator.client,
        openSession: (signal) => openProbeSession({ credentials: operator.credentials, clock }, signal),
      },
      stop.signal,
    );
    expect(
      await plane.kubectl.must([
        'get',
        'templateasset,pvc',
        '-n',
        OPERATOR_NAMESPACE,
        '-o',
        'jsonpath={.items[*].metadata.resourceVersion}',
      ]),
    ).toBe(before);
    expect(changes.length).toBe(heard);
  });
});

describe('a policy', () => {
  afterEach(async () => {
    // As the message says: an apply would leave in what was added.
    const objects = `validatingadmissionpolicy/${VOLUMES}`;
    await plane.kubectl.must(['delete', objects, objects.replace('policy', 'policybinding'), '--ignore-not-found']);
    await installPolicies();
    await untilClear();
  }, 60_000);

  it('that is deleted opens its ways, which are named, and closes them when it is put back', async () => {
    await plane.kubectl.must(['delete', 'validatingadmissionpolicy', VOLUMES]);
    await untilOpen();
    // The apiserver forgets it a moment later.
    const routes = await waitFor(async () => (monitor.openRoutes?.length ?? 0) > 3 && monitor.openRoutes, {
      what: 'the probes get through',
      timeoutMs: TIMEOUT_MS,
    });
    expect(routes).toEqual([
      `Missing are ValidatingAdmissionPolicy ${VOLUMES}: ${INSTALL}`,
      `Whoever has the rights can delete the volume of an agent: ${INSTALL}`,
      `Whoever has the rights can take the finalizer off the volume of an agent through its status: ${INSTALL}`,
      `Whoever has the rights can take the finalizer off the volume of an agent: ${INSTALL}`,
    ]);
  });

  it.each<[string, string, object]>([
    ['whose binding only warns', 'validatingadmissionpolicybinding', { validationActions: ['Warn'] }],
    [
      'whose binding looks at some namespaces only',
      'validatingadmissionpolicybinding',
      { matchResources: { namespaceSelector: { matchLabels: { guarded: 'yes' } } } },
    ],
    ['that fails open', 'validatingadmissionpolicy', { failurePolicy: 'Ignore' }],
    [
      'that leaves resources out',
      'validatingadmissionpolicy',
      {
        matchConstraints: {
          excludeResourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'], resources: ['*'] }],
        },
      },
    ],
  ])('%s is open within seconds', async (_name, kind, spec) => {
    await plane.kubectl.must(['patch', kind, VOLUMES, '--type=merge', '-p', JSON.stringify({ spec })]);
    const [route = ''] = (await untilOpen()).filter((open) => open.includes(VOLUMES));
    expect(route).toMatch(new RegExp(`^ValidatingAdmissionPolicy(Binding)? ${VOLUMES} was changed at spec\\.`));
  });
});

describe('the identity of the probes', () => {
  it('is told of when it is missing', async () => {
    await plane.kubectl.must(['delete', 'serviceaccount', 'molecule-guard-probe', '-n', OPERATOR_NAMESPACE]);
    monitor.examineNow();
    expect(await untilOpen()).toEqual([
      `The policies cannot be probed for want of ServiceAccount molecule-guard-probe or of the right to a token for it: ${INSTALL}`,
    ]);
    await installPolicies();
    await untilClear();
  }, 60_000);

  it('has no rights but those that it tries', async () => {
    const file = await readFile('manifests/guard/probe.yaml', 'utf8');
    const roles = parseAllDocuments(file)
      .map((document) => document.toJS())
      .filter(({ kind }) => /Role$/.test(kind));
    expect(roles.map(({ kind }) => kind)).toEqual(['Role']);
    const as = `system:serviceaccount:${OPERATOR_NAMESPACE}:molecule-guard-probe`;
    const can = async (...args: readonly string[]): Promise<string> =>
      (await plane.kubectl.run(['auth', 'can-i', ...args, '--as', as, '-n', OPERATOR_NAMESPACE])).stdout.trim();
    expect(await can('delete', 'pvc/guard-probe')).toBe('yes');
    expect(await can('delete', 'pvc/data')).toBe('no');
    expect(await can('get', 'secrets')).toBe('no');
    expect(await can('patch', 'templateassets/other')).toBe('no');
  });
});
