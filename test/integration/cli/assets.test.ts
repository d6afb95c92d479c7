/** What the apiserver says to the Pod beside an agent, and to a rollback. The kubelet is played; test/e2e has a real one. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createKubectl } from '../../../hack/lib/kubectl.ts';
import { openPerson } from '../../../hack/lib/person.ts';
import { waitFor } from '../../../hack/lib/wait.ts';
import type { TemplateAsset } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { DoctorReport } from '../../../src/cli/doctor/finding.ts';
import { POD_SECURITY, PROGRAM_SECURITY } from '../../../src/controllers/workspace/pod-spec.ts';
import { controlPlane, createNamespace, mustKubectl } from '../../support/control-plane.ts';
import { create, writeStatus } from './objects.ts';
import { plugin } from './plugin.ts';

const LIVE = 'a'.repeat(40);
const BEFORE = 'b'.repeat(40);

let namespace: string;
/** Has the role edit and nothing else. */
let kubeconfig: string;

beforeAll(async () => {
  namespace = await createNamespace('assets');
  await mustKubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
  const { kubectlProgram, adminKubeconfig, dir } = controlPlane();
  const admin = createKubectl(kubectlProgram, adminKubeconfig);
  const person = {
    kubectl: admin,
    name: `edda-${namespace}`,
    dir: join(dir, 'people'),
    namespace,
    clusterRoles: ['edit'],
  };
  ({ kubeconfig } = await openPerson(person));
  await mustKubectl(['create', 'serviceaccount', 'molecule-agent'], { namespace });
  await mustKubectl(['apply', '-f', '-'], { namespace, input: JSON.stringify(agentPod()) });
  await create(namespace, [{ kind: 'Workspace', metadata: { name: 'writer' }, spec: {} }]);
  await writeStatus(namespace, 'workspace/writer', { podName: 'writer-1', volumeName: 'writer-1' });
});

/** As the operator makes it, as far as it matters here. */
function agentPod(): object {
  const container = { image: 'example.com/operator:1', command: ['materialize'], securityContext: PROGRAM_SECURITY };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'writer-1' },
    spec: {
      nodeName: 'node-7',
      serviceAccountName: 'molecule-agent',
      securityContext: POD_SECURITY,
      initContainers: [{ ...container, name: 'materialize' }],
      containers: [{ ...container, name: 'agent' }],
      volumes: [{ name: 'configs', persistentVolumeClaim: { claimName: 'writer-1' } }],
    },
  };
}

interface Helper {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName?: string };
}

async function helpers(): Promise<readonly Helper[]> {
  const selector = ['-l', 'app.kubernetes.io/managed-by=kubectl-molecule'];
  return JSON.parse(await mustKubectl(['get', 'pods', ...selector, '-o', 'json'], { namespace })).items;
}

function started(): Promise<Helper> {
  return waitFor(async () => (await helpers())[0], { what: 'the Pod beside the agent', timeoutMs: 20_000 });
}

const diff = (signal?: AbortSignal) =>
  plugin(['assets', 'ws/writer', '--diff', '-n', namespace], {
    kubeconfig,
    ...(signal === undefined ? {} : { signal }),
  });

describe('the Pod beside an agent', () => {
  it('is let in by the strictest pod security, needs the role edit, and is gone when it has failed', async () => {
    const running = diff();
    const { metadata, spec } = await started();
    expect(spec.nodeName).toBe('node-7');
    const terminated = { exitCode: 73, message: 'Cannot heal volume: EIO\n', reason: 'Error' };
    const container = { name: 'assets', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } };
    const status = { phase: 'Failed', containerStatuses: [container] };
    const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
    await mustKubectl(['patch', 'pod', metadata.name, ...patch], { namespace });
    const { code, stderr } = await running;
    expect(code).toBe(1);
    expect(stderr).toContain('Error: Cannot heal volume: EIO\n');
    expect(await helpers()).toEqual([]);
  });

  it('is gone after an interruption', async () => {
    const controller = new AbortController();
    const running = diff(controller.signal);
    await started();
    controller.abort(new Error('Interrupted by SIGINT'));
    expect((await running).code).toBe(130);
    expect(await helpers()).toEqual([]);
  });

  it('is refused by a quota in the words of the quota', async () => {
    await mustKubectl(['create', 'quota', 'full', '--hard=pods=1'], { namespace });
    const used = ['get', 'quota', 'full', '-o', 'jsonpath={.status.used.pods}'];
    await waitFor(async () => (await mustKubectl(used, { namespace })) === '1', {
      what: 'the quota',
      timeoutMs: 20_000,
    });
    const { code, stderr } = await diff();
    await mustKubectl(['delete', 'quota', 'full'], { namespace });
    expect(code).toBe(1);
    expect(stderr).toContain('exceeded quota: full');
  });

  it('needs what doctor looks for, and the role edit has all of that', async () => {
    const { stdout } = await plugin(['doctor', '-n', namespace, '-o', 'json'], { kubeconfig });
    const { findings }: DoctorReport = JSON.parse(stdout);
    expect(findings.filter(({ check }) => check === 'own-rights')).toMatchObject([{ verdict: 'ok' }]);
  });

  it('is not made by who may only look', async () => {
    const { kubectlProgram, adminKubeconfig, dir } = controlPlane();
    const kubectl = createKubectl(kubectlProgram, adminKubeconfig);
    const viewer = { kubectl, name: `vera-${namespace}`, dir: join(dir, 'people'), namespace, clusterRoles: ['view'] };
    const person = await openPerson(viewer);
    const { code, stderr } = await plugin(['assets', 'ws/writer', '--diff', '-n', namespace], person);
    expect(code).toBe(1);
    expect(stderr).toContain(`ask for the right to create pods in namespace "${namespace}"`);
    const { stdout } = await plugin(['doctor', '-n', namespace, '-o', 'json'], person);
    expect(stdout).toContain('which kubectl molecule assets --diff needs');
  });
});

describe('kubectl molecule rollback', () => {
  it('pins the revision as its own field manager, and warns of the tool that applied the object', async () => {
    const asset = {
      apiVersion: 'moleculesai.app/v1alpha1',
      kind: 'TemplateAsset',
      metadata: { name: 'writing' },
      spec: { source: { forge: 'github', owner: 'example', repo: 'writing', ref: 'main' }, auth: 'anonymous' },
    };
    const apply = ['apply', '--server-side', '--field-manager=kustomize-controller', '-f', '-'];
    await mustKubectl(apply, { namespace, input: JSON.stringify(asset) });
    const history = [LIVE, BEFORE].map((revision) => ({
      revision,
      digest: `sha256:${'ab'.repeat(32)}`,
      publishedAt: '2026-11-21T08:00:00Z',
    }));
    const artifact = { revision: LIVE, digest: history[0]?.digest, sizeBytes: 1, files: 1 };
    await writeStatus(namespace, 'templateasset/writing', { artifact, history });

    const { code, stdout, stderr } = await plugin(
      ['rollback', 'ta/writing', '--to', 'previous', '-n', namespace, '-o', 'json'],
      { kubeconfig },
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ before: 'main', after: BEFORE, outcome: 'Requested' });
    expect(stderr).toContain('Warning: Flux (kustomize-controller) manages this object');
    const read = ['get', 'templateasset', 'writing', '--show-managed-fields', '-o', 'json'];
    const found: TemplateAsset = JSON.parse(await mustKubectl(read, { namespace }));
    expect(found.spec.source?.ref).toBe(BEFORE);
    expect(found.metadata).toMatchObject({
      managedFields: expect.arrayContaining([expect.objectContaining({ manager: 'kubectl-molecule' })]),
    });
  });
});
