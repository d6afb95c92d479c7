import type { Attempt } from '../attempt.ts';
import { mustAs, pending, type Scene } from '../scene.ts';
import { VICTIM } from '../tenant.ts';

const route = 'ownership';
const BOGUS = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-00000000dead' };
const MERGE = JSON.stringify({ metadata: { ownerReferences: [BOGUS] } });
const JSON_PATCH = JSON.stringify([{ op: 'add', path: '/metadata/ownerReferences', value: [BOGUS] }]);

/** A ConfigMap that may be deleted by anybody, as an owner. */
async function livingOwner(scene: Scene): Promise<object> {
  await mustAs(scene, 'admin', ['create', 'configmap', 'owner']);
  const { stdout } = await scene.as('admin', ['get', 'configmap/owner', '-o', 'jsonpath={.metadata.uid}']);
  return { ...BOGUS, name: 'owner', uid: stdout };
}

/** Whoever becomes the owner of a thing has the garbage collector delete it. */
export const OWNERSHIP: readonly Attempt[] = [
  {
    route,
    attempt: 'merge patch gives a Workspace an owner that does not exist',
    identity: 'editor',
    expected: 'refused by policy',
    run: ({ run }) => run(['patch', `workspace/${VICTIM.agent}`, '--type=merge', '-p', MERGE]),
  },
  {
    route,
    attempt: 'JSON patch gives an Org an owner that does not exist',
    identity: 'admin',
    expected: 'refused by policy',
    run: ({ run }) => run(['patch', 'org/org', '--type=json', '-p', JSON_PATCH]),
  },
  {
    route,
    attempt: 'server-side apply gives a TemplateAsset an owner that exists',
    identity: 'editor',
    expected: 'refused by policy',
    run: async (scene) =>
      scene.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
        apiVersion: 'moleculesai.app/v1alpha1',
        kind: 'TemplateAsset',
        metadata: { name: VICTIM.template, ownerReferences: [await livingOwner(scene)] },
      }),
  },
  {
    route,
    attempt: 'a Workspace that waits for a human is given an owner that does not exist',
    identity: 'editor',
    expected: 'refused by policy',
    run: async (scene) => {
      await pending(scene);
      return scene.run(['patch', `workspace/${VICTIM.agent}`, '--type=merge', '-p', MERGE]);
    },
  },
  {
    route,
    attempt: 'the request itself is given an owner that does not exist',
    identity: 'admin',
    expected: 'refused by policy',
    run: async (scene) => {
      const { metadata } = await pending(scene);
      return scene.run(['patch', 'approvalrequest', metadata.name, '--type=merge', '-p', MERGE]);
    },
  },
  {
    route,
    attempt: 'merge patch gives a volume an owner that does not exist',
    identity: 'editor',
    expected: 'refused by policy',
    run: ({ run, tenant }) => run(['patch', 'pvc', tenant.child, '--type=merge', '-p', MERGE]),
  },
  {
    route,
    attempt: 'JSON patch gives a volume an owner that exists, which is then to be deleted',
    identity: 'admin',
    expected: 'refused by policy',
    run: async (scene) => {
      const value = [await livingOwner(scene)];
      const patch = JSON.stringify([{ op: 'add', path: '/metadata/ownerReferences', value }]);
      return scene.run(['patch', 'pvc', scene.tenant.child, '--type=json', '-p', patch]);
    },
  },
  {
    route,
    attempt: "a patch of a volume's status gives it an owner",
    identity: 'admin',
    expected: 'refused by policy',
    run: ({ run, tenant }) => run(['patch', 'pvc', tenant.child, '--subresource=status', '--type=merge', '-p', MERGE]),
  },
];
