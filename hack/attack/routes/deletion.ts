import type { Attempt } from '../attempt.ts';
import { pending, type Scene, until } from '../scene.ts';
import { VICTIM } from '../tenant.ts';

const route = 'deletion';
const AGENT = `workspace/${VICTIM.agent}`;
const TEMPLATE = `templateasset/${VICTIM.template}`;
const base = ({ tenant }: Scene): string => `/apis/moleculesai.app/v1alpha1/namespaces/${tenant.namespace}`;

/** What is taken has to be seen by the operator before it means anything that nothing is lost. */
async function askedFor(scene: Scene, object: string, args: readonly string[]) {
  const answer = await scene.run(args);
  if (answer.code === 0) await until(scene, `${object} wait for a human`, () => isPending(scene, object));
  return answer;
}

async function isPending(scene: Scene, object: string): Promise<boolean> {
  const path = 'jsonpath={.status.conditions[?(@.type=="ApprovalPending")].status}';
  return (await scene.as('admin', ['get', object, '-o', path])).stdout === 'True';
}

const held = (
  attempt: string,
  object: string,
  args: readonly string[],
  identity: Attempt['identity'] = 'editor',
): Attempt => ({
  route,
  attempt,
  identity,
  expected: 'held',
  run: (scene) => askedFor(scene, object, [...args, '--wait=false']),
});

const refusing = (attempt: string, args: readonly string[], identity: Attempt['identity'] = 'editor'): Attempt => ({
  route,
  attempt: `Org that refuses: ${attempt}`,
  identity,
  mode: 'Refuse',
  expected: 'refused by policy',
  run: ({ run }) => run([...args, '--wait=false']),
});

/** Every way to say DELETE. */
export const DELETION: readonly Attempt[] = [
  held('kubectl delete of a Workspace', AGENT, ['delete', AGENT]),
  held('kubectl delete of a Workspace, with all rights', AGENT, ['delete', AGENT], 'admin'),
  held('kubectl delete of a Workspace by an agent that may', AGENT, ['delete', AGENT], 'agent'),
  held('foreground deletion of a Workspace', AGENT, ['delete', AGENT, '--cascade=foreground']),
  held('deletion of a Workspace that orphans what it owns', AGENT, ['delete', AGENT, '--cascade=orphan']),
  held(
    'forced deletion of a Workspace without grace',
    AGENT,
    ['delete', AGENT, '--force', '--grace-period=0'],
    'admin',
  ),
  held('deletion of every Workspace of the namespace', AGENT, ['delete', 'workspaces', '--all']),
  held('kubectl delete of an Org', 'org/org', ['delete', 'org/org']),
  held('foreground deletion of an Org', 'org/org', ['delete', 'org/org', '--cascade=foreground']),
  held(
    'forced deletion of an Org without grace',
    'org/org',
    ['delete', 'org/org', '--force', '--grace-period=0'],
    'admin',
  ),
  held('kubectl delete of a TemplateAsset in use', TEMPLATE, ['delete', TEMPLATE]),
  held('foreground deletion of a TemplateAsset in use', TEMPLATE, ['delete', TEMPLATE, '--cascade=foreground']),
  held('kubectl delete of the platform agent', 'workspace/platform-agent', ['delete', 'workspace/platform-agent']),
  {
    route,
    attempt: 'deletecollection of Workspaces by an editor',
    identity: 'editor',
    expected: 'refused by rights',
    run: (scene) => scene.run(['delete', '--raw', `${base(scene)}/workspaces`]),
  },
  {
    route,
    attempt: 'deletecollection of Workspaces',
    identity: 'admin',
    expected: 'held',
    run: (scene) => askedFor(scene, AGENT, ['delete', '--raw', `${base(scene)}/workspaces`]),
  },
  {
    route,
    attempt: 'deletecollection of Orgs, foreground',
    identity: 'admin',
    expected: 'held',
    run: (scene) => askedFor(scene, 'org/org', ['delete', '--raw', `${base(scene)}/orgs?propagationPolicy=Foreground`]),
  },
  {
    route,
    attempt: 'deletecollection of TemplateAssets by a selector',
    identity: 'admin',
    expected: 'held',
    run: (scene) =>
      askedFor(scene, TEMPLATE, [
        'delete',
        '--raw',
        `${base(scene)}/templateassets?fieldSelector=metadata.name%3Dnotes`,
      ]),
  },
  {
    route,
    attempt: 'a second, foreground deletion of a Workspace that waits already',
    identity: 'editor',
    expected: 'held',
    run: async (scene) => {
      await pending(scene);
      return scene.run(['delete', AGENT, '--cascade=foreground', '--wait=false']);
    },
  },
  {
    route,
    attempt: 'the finalizer foregroundDeletion is patched on, for a plain DELETE that follows',
    identity: 'admin',
    expected: 'refused by policy',
    run: ({ run }) => {
      const add = [{ op: 'add', path: '/metadata/finalizers/-', value: 'foregroundDeletion' }];
      return run(['patch', AGENT, '--type=json', '-p', JSON.stringify(add)]);
    },
  },
  {
    route,
    attempt: 'the finalizer orphan is patched on by server-side apply',
    identity: 'editor',
    expected: 'refused by policy',
    run: ({ run }) =>
      run(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
        apiVersion: 'moleculesai.app/v1alpha1',
        kind: 'Workspace',
        metadata: { name: VICTIM.agent, finalizers: ['orphan'] },
      }),
  },
  {
    route,
    attempt: 'DELETE that is to ignore errors of reading (unsafe delete)',
    identity: 'editor',
    expected: 'held',
    run: (scene) =>
      askedFor(scene, AGENT, [
        'delete',
        '--raw',
        `${base(scene)}/workspaces/${VICTIM.agent}?ignoreStoreReadErrorWithClusterBreakingPotential=true`,
      ]),
  },
  {
    route,
    attempt: 'dry run of a deletion',
    identity: 'editor',
    expected: 'harmless',
    run: ({ run }) => run(['delete', AGENT, '--dry-run=server']),
  },
  {
    route,
    attempt: 'kubectl delete of a Workspace by a stranger',
    identity: 'nobody',
    expected: 'refused by rights',
    run: ({ run }) => run(['delete', AGENT, '--wait=false']),
  },
  {
    route,
    attempt: 'kubectl delete of a Workspace by an approver',
    identity: 'approver',
    expected: 'refused by rights',
    run: ({ run }) => run(['delete', AGENT, '--wait=false']),
  },
  refusing('kubectl delete of a Workspace', ['delete', AGENT]),
  refusing('kubectl delete of a Workspace, with all rights', ['delete', AGENT], 'admin'),
  refusing('foreground deletion of a Workspace', ['delete', AGENT, '--cascade=foreground']),
  refusing('forced deletion of a Workspace without grace', ['delete', AGENT, '--force', '--grace-period=0'], 'admin'),
  refusing('deletion of every Workspace', ['delete', 'workspaces', '--all']),
  refusing('kubectl delete of the Org', ['delete', 'org/org'], 'admin'),
  refusing('kubectl delete of a TemplateAsset in use', ['delete', TEMPLATE]),
  {
    route,
    attempt: 'Org that refuses: deletecollection of Workspaces',
    identity: 'admin',
    mode: 'Refuse',
    expected: 'refused by policy',
    run: (scene) => scene.run(['delete', '--raw', `${base(scene)}/workspaces`]),
  },
  {
    route,
    attempt: 'Org that refuses: the grant is forged on the status, to be let in',
    identity: 'admin',
    mode: 'Refuse',
    expected: 'refused by policy',
    run: ({ run }) => {
      const deletionGrant = { request: 'apr-forged', hash: '0'.repeat(64) };
      const patch = JSON.stringify({ status: { deletionGrant } });
      return run(['patch', AGENT, '--subresource=status', '--type=merge', '-p', patch]);
    },
  },
];
