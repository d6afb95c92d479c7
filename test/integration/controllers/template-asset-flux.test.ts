import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { TEMPLATE_ASSETS } from '../../../src/apis/v1alpha1/resources.ts';
import type { Condition, TemplateAsset } from '../../../src/apis/v1alpha1/types.generated.ts';
import { FLUX_SOURCES } from '../../../src/controllers/template-asset/flux-source.ts';
import { mustKubectl } from '../../support/control-plane.ts';
import { fluxArchive } from '../../unit/assets/flux-archive.ts';
import { serve, type TestServer } from '../../unit/assets/http-server.ts';
import { storedStatus } from '../../unit/assets/source-controller.ts';
import { startOperator, type TestOperator } from './operator.ts';

const { GitRepository } = FLUX_SOURCES;
const COMMIT = '1'.repeat(40);
const { signal } = new AbortController();
const { digest, bytes } = fluxArchive({ 'config.yaml': 'name: flux\n', 'prompts/a.md': 'a\n' });

/** As little of Flux's kind as a look needs; served by the apiserver itself, with status as a subresource. */
const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${GitRepository.plural}.${GitRepository.group}` },
  spec: {
    group: GitRepository.group,
    scope: 'Namespaced',
    names: { kind: GitRepository.kind, plural: GitRepository.plural },
    versions: [
      {
        name: GitRepository.version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

let operator: TestOperator;
let sourceController: TestServer;

beforeAll(async () => {
  operator = await startOperator();
  sourceController = await serve((_request, response) => response.end(bytes));
});
afterAll(async () => {
  await operator.stop();
  await sourceController[Symbol.asyncDispose]();
  await mustKubectl(['delete', 'crd', CRD.metadata.name, '--ignore-not-found']);
});

async function until(name: string, wanted: Partial<Condition>): Promise<TemplateAsset> {
  return waitFor(
    async () => {
      const asset = await operator.get<TemplateAsset>(TEMPLATE_ASSETS, name);
      const ready = asset.status?.conditions?.find(({ type }) => type === 'Ready');
      return ready?.status === wanted.status && ready?.reason === wanted.reason && asset;
    },
    { what: `the TemplateAsset ${name} be ${JSON.stringify(wanted)}`, timeoutMs: 20_000 },
  );
}

/** A TemplateAsset of its own for each look, so that none waits for an interval. */
function createTemplate(name: string): Promise<TemplateAsset> {
  return operator.create(TEMPLATE_ASSETS, { spec: { artifactRef: { kind: 'GitRepository', name: 'tpl' } } }, name);
}

it('takes what Flux keeps, with the rights of the operator, and says what is missing before', async () => {
  await createTemplate('before-flux');
  await until('before-flux', { status: 'False', reason: 'FluxNotInstalled' });

  await mustKubectl(['apply', '-f', '-'], { input: JSON.stringify(CRD) });
  await mustKubectl(['wait', '--for=condition=Established', `crd/${CRD.metadata.name}`, '--timeout=20s']);
  await createTemplate('before-source');
  await until('before-source', { status: 'False', reason: 'ArtifactNotFound' });

  const { namespace } = operator;
  const key = { namespace, name: 'tpl' };
  await operator.create(GitRepository, { apiVersion: 'source.toolkit.fluxcd.io/v1' }, key.name);
  await createTemplate('before-artifact');
  await until('before-artifact', { status: 'False', reason: 'ArtifactNotReady' });

  const status = storedStatus({
    kind: 'GitRepository',
    ...key,
    server: sourceController.url,
    digest,
    revision: `main@sha1:${COMMIT}`,
    sizeBytes: bytes.length,
  });
  await operator.client.patch(GitRepository, key, { status }, { fieldManager: 'test', subresource: 'status', signal });
  for (const name of ['one', 'two']) await createTemplate(name);
  const [one, two] = await Promise.all(
    ['one', 'two'].map((name) => until(name, { status: 'True', reason: 'ArtifactStored' })),
  );
  expect(one?.status?.artifact).toMatchObject({ revision: COMMIT, files: 2, sizeBytes: 13 });
  expect(two?.status?.artifact).toEqual(one?.status?.artifact);
  expect(sourceController.requests).toEqual([
    { line: `GET /gitrepository/${namespace}/tpl/${COMMIT}.tar.gz`, authorization: undefined },
  ]);
});
