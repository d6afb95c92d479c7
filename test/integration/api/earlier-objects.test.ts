import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../../hack/control-plane.ts';
import { installApi } from '../../../hack/install-api.ts';
import { CHECKOUT_DIR } from '../../../hack/lib/paths.ts';
import { API_VERSION } from '../../../src/apis/v1alpha1/names.ts';
import { controlPlane } from '../../support/control-plane.ts';
import { OTHER_UUID } from './requests.ts';

/** A cluster where somebody had the CRDs and an object before the policies came. */
let cluster: ControlPlane;
beforeAll(async () => {
  cluster = await startControlPlane({ dir: join(controlPlane().dir, 'earlier-objects') });
  await cluster.kubectl.must(['apply', '--server-side', '-k', join(CHECKOUT_DIR, 'crds')]);
  await cluster.kubectl.must(['wait', '--for=condition=Established', 'crd/workspaces.moleculesai.app']);
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: OTHER_UUID }];
  const early = { apiVersion: API_VERSION, kind: 'Workspace', metadata: { name: 'early', ownerReferences }, spec: {} };
  await cluster.kubectl.must(['create', '-f', '-'], { input: JSON.stringify(early) });
  await installApi(cluster.kubectl);
});
afterAll(async () => cluster?.stop());

describe('an object from before the policies', () => {
  it.each([
    ['can be changed although it has an owner', { labels: { team: 'a' } }],
    ['can get the finalizer', { finalizers: ['moleculesai.app/approval'] }],
    ['can lose its owner', { ownerReferences: null }],
  ])('%s', async (_sentence, metadata) => {
    const patch = JSON.stringify({ metadata });
    const answer = await cluster.kubectl.run([
      'patch',
      'workspace',
      'early',
      '--type=merge',
      '--dry-run=server',
      '-p',
      patch,
    ]);
    expect(answer).toMatchObject({ code: 0, stderr: '' });
  });
});
