import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import type { ObjectStatus } from '../../../src/cli/status/object-status.ts';
import { createNamespace, kubectl, mustKubectl, serviceAccountKubeconfig } from '../../support/control-plane.ts';
import { conditions, create, writeStatus } from './objects.ts';
import { plugin } from './plugin.ts';

const MESSAGE =
  'TemplateAsset "writing" has nothing to deliver yet: Secret "forge-token" does not exist in this namespace';
const ACCOUNT = 'reader';
let namespace: string;
let kubeconfig: string;

/** As a person with the cluster's own role view, and nothing else. */
beforeAll(async () => {
  namespace = await createNamespace('status');
  kubeconfig = await serviceAccountKubeconfig({ namespace, name: ACCOUNT });
  await mustKubectl(['create', 'rolebinding', 'v', '--clusterrole=view', `--serviceaccount=${namespace}:${ACCOUNT}`], {
    namespace,
  });
  await create(namespace, [
    { kind: 'Org', metadata: { name: 'org' }, spec: { displayName: 'Acme' } },
    {
      kind: 'TemplateAsset',
      metadata: { name: 'writing' },
      spec: {
        source: {
          forge: 'gitea',
          baseURL: 'https://git.example.com',
          owner: 'templates',
          repo: 'writing',
          ref: 'main',
        },
        auth: 'token',
        secretRef: { name: 'forge-token' },
        include: ['config.yaml'],
      },
    },
    { kind: 'Workspace', metadata: { name: 'writer' }, spec: { templateRef: { name: 'writing' } } },
  ]);
  await writeStatus(namespace, 'workspace/writer', {
    observedGeneration: 1,
    conditions: [
      ...conditions('False', 'TemplateNotReady', { message: MESSAGE, types: ['Ready', 'TemplateReady'] }),
      ...conditions('True', 'Placed', { message: 'Has its place in the Org', types: ['Placed'] }),
    ],
  });
  for (const [name, kind, note] of [
    ['about-it', 'Workspace', 'about the Workspace'],
    ['about-the-template', 'TemplateAsset', 'about the template'],
    ['about-another', 'Pod', 'about something else'],
  ]) {
    const regarding = {
      kind,
      namespace,
      name: kind === 'TemplateAsset' ? 'writing' : kind === 'Pod' ? 'other' : 'writer',
    };
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      eventTime: '2026-11-21T08:00:00.000000Z',
      reportingController: 'moleculesai.app/operator',
      reportingInstance: 'test',
      type: 'Normal',
      reason: 'Testing',
      action: 'Test',
      note,
      regarding,
    };
    await mustKubectl(['create', '-f', '-'], { namespace, input: JSON.stringify(event) });
  }
  const can = ['auth', 'can-i', 'get', 'workspaces.moleculesai.app'];
  const as = `system:serviceaccount:${namespace}:${ACCOUNT}`;
  await waitFor(async () => (await kubectl(can, { namespace, as })).code === 0, {
    what: 'our kinds to join the role view',
    timeoutMs: 20_000,
  });
});

describe('kubectl molecule status with the role view', () => {
  it('reads every link, and the Events about those links alone', async () => {
    const { code, stdout, stderr } = await plugin(['status', 'writer', '-n', namespace, '-o', 'json'], { kubeconfig });
    expect([code, stderr]).toEqual([0, '']);
    const status: ObjectStatus = JSON.parse(stdout);
    expect(status).toMatchObject({ state: 'Waiting', reason: 'TemplateNotReady', message: MESSAGE });
    expect(status.next).toMatchObject({
      command: expect.stringContaining(`kubectl molecule status ta/writing -n ${namespace}`),
    });
    expect(status.chain.map(({ link, state, isCulprit }) => [link, state, isCulprit])).toEqual([
      ['org', 'Unknown', false],
      ['parent', 'Missing', false],
      ['workspace', 'Ready', false],
      ['templateAsset', 'Waiting', true],
      ['volume', 'Waiting', false],
      ['pod', 'Waiting', false],
      ['agent', 'Waiting', false],
    ]);
    expect(status.events?.map(({ note }) => note).sort()).toEqual(['about the Workspace', 'about the template']);
  });

  it('says what does not exist', async () => {
    const { code, stderr } = await plugin(['status', 'ta/nothing', '-n', namespace], { kubeconfig });
    expect(code).toBe(1);
    expect(stderr).toBe(
      `Error: Cannot read TemplateAsset ${namespace}/nothing: it does not exist; see what is there: kubectl get templateassets -n ${namespace}\n`,
    );
  });

  it('says what may not be read', async () => {
    const { code, stderr } = await plugin(['status', 'writer', '-n', 'kube-system'], { kubeconfig });
    expect(code).toBe(1);
    expect(stderr).toContain('; ask for the right to get workspaces in namespace "kube-system"\n');
  });

  it('leaves sync to whoever may edit', async () => {
    const { code, stderr } = await plugin(['sync', 'writer', '-n', namespace], { kubeconfig });
    expect(code).toBe(1);
    expect(stderr).toContain(`; ask for the right to patch workspaces in namespace "${namespace}"\n`);
  });
});
