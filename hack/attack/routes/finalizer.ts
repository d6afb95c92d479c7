import { APPROVAL_FINALIZER } from '../../../src/apis/v1alpha1/names.ts';
import type { Attempt } from '../attempt.ts';
import { mustAs, pending, type Scene } from '../scene.ts';
import { VICTIM } from '../tenant.ts';

const route = 'finalizer';
const AGENT = `workspace/${VICTIM.agent}`;
const NONE = JSON.stringify({ metadata: { finalizers: null } });
const REMOVED = JSON.stringify([{ op: 'remove', path: '/metadata/finalizers' }]);
const REPLACED = JSON.stringify({ metadata: { finalizers: ['example.com/mine'] } });

/** The whole object without finalizers, by PUT. */
async function put(scene: Scene, path: string): Promise<object> {
  const { stdout } = await scene.as('admin', ['get', '--raw', path]);
  const object = JSON.parse(stdout);
  delete object.metadata.finalizers;
  return object;
}

const pathOf = ({ tenant }: Scene): string =>
  `/apis/moleculesai.app/v1alpha1/namespaces/${tenant.namespace}/workspaces/${VICTIM.agent}`;

/** Our finalizer is what holds a deletion: who takes it off decides alone. */
export const FINALIZER: readonly Attempt[] = [
  {
    route,
    attempt: "merge patch takes a Workspace's finalizers off",
    identity: 'editor',
    expected: 'refused by policy',
    run: ({ run }) => run(['patch', AGENT, '--type=merge', '-p', NONE]),
  },
  {
    route,
    attempt: "JSON patch takes a Workspace's finalizers off",
    identity: 'admin',
    expected: 'refused by policy',
    run: ({ run }) => run(['patch', AGENT, '--type=json', '-p', REMOVED]),
  },
  {
    route,
    attempt: 'merge patch puts another finalizer in the place of ours',
    identity: 'editor',
    expected: 'refused by policy',
    run: ({ run }) => run(['patch', AGENT, '--type=merge', '-p', REPLACED]),
  },
  {
    route,
    attempt: 'PUT of a Workspace without finalizers',
    identity: 'editor',
    expected: 'refused by policy',
    run: async (scene) => scene.run(['replace', '--raw', pathOf(scene), '-f', '-'], await put(scene, pathOf(scene))),
  },
  {
    route,
    attempt: 'server-side apply by the only owner of the finalizers leaves them out',
    identity: 'editor',
    expected: 'refused by policy',
    run: async (scene) => {
      const object = { apiVersion: 'moleculesai.app/v1alpha1', kind: 'Workspace', spec: {} };
      const apply = ['apply', '--server-side', '--field-manager=thief', '-f', '-'];
      await mustAs(scene, 'editor', apply, {
        ...object,
        metadata: { name: 'applied', finalizers: [APPROVAL_FINALIZER] },
      });
      return scene.run(apply, { ...object, metadata: { name: 'applied' } });
    },
  },
  {
    route,
    attempt: 'patch of the status that also takes the finalizers off',
    identity: 'admin',
    expected: 'refused by policy',
    run: ({ run }) => run(['patch', AGENT, '--subresource=status', '--type=merge', '-p', NONE]),
  },
  {
    route,
    attempt: "merge patch takes an Org's finalizers off",
    identity: 'editor',
    expected: 'refused by policy',
    run: ({ run }) => run(['patch', 'org/org', '--type=merge', '-p', NONE]),
  },
  {
    route,
    attempt: "JSON patch takes a TemplateAsset's finalizers off",
    identity: 'editor',
    expected: 'refused by policy',
    run: ({ run }) => run(['patch', `templateasset/${VICTIM.template}`, '--type=json', '-p', REMOVED]),
  },
  {
    route,
    attempt: 'a Workspace whose deletion waits loses its finalizers',
    identity: 'editor',
    expected: 'refused by policy',
    run: async (scene) => {
      await pending(scene);
      return scene.run(['patch', AGENT, '--type=merge', '-p', NONE]);
    },
  },
  {
    route,
    attempt: "an approver takes a Workspace's finalizers off",
    identity: 'approver',
    expected: 'refused by rights',
    run: ({ run }) => run(['patch', AGENT, '--type=merge', '-p', NONE]),
  },
  {
    route,
    attempt: "a stranger takes a Workspace's finalizers off",
    identity: 'nobody',
    expected: 'refused by rights',
    run: ({ run }) => run(['patch', AGENT, '--type=merge', '-p', NONE]),
  },
  {
    route,
    attempt: "an agent with an editor's rights takes a Workspace's finalizers off",
    identity: 'agent',
    expected: 'refused by policy',
    run: ({ run }) => run(['patch', AGENT, '--type=merge', '-p', NONE]),
  },
  {
    route,
    attempt: 'the operator is stopped, then a Workspace is deleted and loses its finalizers',
    identity: 'admin',
    expected: 'refused by policy',
    run: async (scene) => {
      await scene.operators.stop();
      try {
        await mustAs(scene, 'admin', ['delete', AGENT, '--wait=false']);
        return await scene.run(['patch', AGENT, '--type=merge', '-p', NONE]);
      } finally {
        await scene.operators.start();
      }
    },
  },
];
