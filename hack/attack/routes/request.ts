import type { ApprovalRequest } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { RunResult } from '../../lib/run.ts';
import type { Attempt, Verdict } from '../attempt.ts';
import { AGENT_USER, binding, USERS, user } from '../people.ts';
import { decision, judge, mustAs, openRequest, pending, readRequest, type Scene, until } from '../scene.ts';
import { VICTIM } from '../tenant.ts';

const route = 'request';
const ADMIN_USER = 'admin';

const patch = (
  request: ApprovalRequest,
  body: object,
  flags: readonly string[] = ['--type=merge'],
): readonly string[] => ['patch', 'approvalrequest', request.metadata.name, ...flags, '-p', JSON.stringify(body)];

/** What an attacker does to the request that the editor's deletion opened. */
const onPending = (
  attempt: string,
  act: (scene: Scene, request: ApprovalRequest) => Promise<RunResult | Verdict>,
  rest: Partial<Pick<Attempt, 'identity' | 'expected'>> = {},
): Attempt => ({
  route,
  attempt,
  identity: 'approver',
  expected: 'refused by policy',
  run: async (scene) => act(scene, await pending(scene)),
  ...rest,
});

/** A request as a user creates it, pointing at the victim. */
function draft({ tenant }: Scene, more: { readonly requestedBy: string; readonly [field: string]: unknown }) {
  const uid = tenant.present.get(`Workspace/${VICTIM.agent}`)?.metadata.uid;
  return {
    apiVersion: 'moleculesai.app/v1alpha1',
    kind: 'ApprovalRequest',
    metadata: { name: 'forged' },
    spec: {
      action: 'delete_workspace',
      target: { group: 'moleculesai.app', kind: 'Workspace', name: VICTIM.agent, uid },
      ...more,
    },
  };
}

const onDraft = (
  attempt: string,
  more: Parameters<typeof draft>[1],
  rest: Partial<Pick<Attempt, 'identity' | 'expected'>> = {},
): Attempt => ({
  route,
  attempt,
  identity: 'editor',
  expected: 'refused by policy',
  run: (scene) => scene.run(['create', '-f', '-'], draft(scene, more)),
  ...rest,
});

/** Who decides, on what, and as whom. */
export const REQUEST: readonly Attempt[] = [
  onPending('an editor approves', (scene, request) => scene.run(decision(request, { by: USERS.editor })), {
    identity: 'editor',
    expected: 'refused by rights',
  }),
  onPending('a stranger approves', (scene, request) => scene.run(decision(request, { by: USERS.nobody })), {
    identity: 'nobody',
    expected: 'refused by rights',
  }),
  onPending(
    'an agent approves, and holds the verb',
    (scene, request) => scene.run(decision(request, { by: AGENT_USER })),
    {
      identity: 'agent',
    },
  ),
  {
    route,
    attempt: 'who asked approves it, and holds the verb',
    identity: 'editor',
    expected: 'refused by policy',
    run: async (scene) => {
      const request = await pending(scene);
      const role = binding(`both-${scene.tenant.namespace}`, 'molecule-approver', [user(USERS.editor)]);
      await mustAs(scene, 'admin', ['create', '-f', '-'], role);
      try {
        await until(scene, 'the role in force', async () => {
          const { stdout } = await scene.run(['auth', 'can-i', 'approve', 'approvalrequests.moleculesai.app']);
          return stdout.trim() === 'yes' || undefined;
        });
        return await scene.run(decision(request, { by: USERS.editor }));
      } finally {
        await mustAs(scene, 'admin', ['delete', 'clusterrolebinding', `both-${scene.tenant.namespace}`]);
      }
    },
  },
  {
    route,
    attempt: 'who asked approves it, with all rights',
    identity: 'admin',
    expected: 'refused by policy',
    run: async (scene) => {
      await mustAs(scene, 'admin', ['delete', `workspace/${VICTIM.agent}`, '--wait=false']);
      return scene.run(decision(await openRequest(scene, VICTIM.agent), { by: ADMIN_USER }));
    },
  },
  onPending(
    'a decision in the name of somebody else is written down in the own name',
    (scene, request) => stampedAs(scene, decision(request, { by: USERS.nobody }), USERS.approver),
    { expected: 'harmless' },
  ),
  onPending(
    'a decision of an administrator in the name of the approver is written down in the own name',
    (scene, request) => stampedAs(scene, decision(request, { by: USERS.approver }), ADMIN_USER),
    { identity: 'admin', expected: 'harmless' },
  ),
  onPending(
    'a decision on the hash of another record',
    (scene, request) => scene.run(decision(request, { by: USERS.approver, hash: 'f'.repeat(64) })),
    { expected: 'refused by schema' },
  ),
  onPending(
    'a decision by JSON patch without a hash',
    (scene, request) =>
      scene.run(
        patch(
          request,
          [{ op: 'add', path: '/spec/decision', value: { verdict: 'Approved', by: USERS.approver } }],
          ['--type=json'],
        ),
      ),
    { expected: 'refused by schema' },
  ),
  onPending(
    'the record of a request is changed',
    (scene, request) => scene.run(patch(request, { spec: { record: { retention: '0s' } } })),
    { expected: 'refused by schema' },
  ),
  onPending(
    'the target of a request is changed',
    (scene, request) => scene.run(patch(request, { spec: { target: { name: VICTIM.reader } } })),
    { expected: 'refused by schema' },
  ),
  onPending(
    'record and hash are taken out of a request',
    (scene, request) => scene.run(patch(request, { spec: { record: null, hash: null } })),
    { expected: 'refused by schema' },
  ),
  onPending(
    'who asked is taken out of a request',
    (scene, request) => scene.run(patch(request, { spec: { requestedBy: USERS.nobody } })),
    { expected: 'refused by schema' },
  ),
  onPending(
    'the status of a request is set to Consumed',
    (scene, request) =>
      scene.run(patch(request, { status: { phase: 'Consumed' } }, ['--subresource=status', '--type=merge'])),
    { expected: 'refused by rights' },
  ),
  onPending(
    'the status of a request is set to Consumed, with all rights',
    (scene, request) =>
      scene.run(
        patch(request, { status: { phase: 'Consumed', operationID: 'forged' } }, [
          '--subresource=status',
          '--type=merge',
        ]),
      ),
    { identity: 'admin' },
  ),
  onPending(
    'the status of a request is replaced by server-side apply, with all rights',
    (scene, request) =>
      scene.run(['apply', '--server-side', '--subresource=status', '--force-conflicts', '-f', '-'], {
        apiVersion: request.apiVersion,
        kind: 'ApprovalRequest',
        metadata: { name: request.metadata.name },
        status: { phase: 'Consumed', operationID: 'forged' },
      }),
    { identity: 'admin' },
  ),
  onPending(
    'the request is deleted, so that it is forgotten',
    (scene, request) => scene.run(['delete', 'approvalrequest', request.metadata.name, '--wait=false']),
    { identity: 'admin' },
  ),
  onPending(
    'all requests are deleted at once',
    (scene) =>
      scene.run([
        'delete',
        '--raw',
        `/apis/moleculesai.app/v1alpha1/namespaces/${scene.tenant.namespace}/approvalrequests`,
      ]),
    { identity: 'admin' },
  ),
  {
    route,
    attempt: 'nobody recorded who deleted, and an approver without the verb for that approves',
    identity: 'approver',
    expected: 'refused by policy',
    run: async (scene) => {
      await scene.operators.stop();
      try {
        await mustAs(scene, 'editor', ['delete', `workspace/${VICTIM.agent}`, '--wait=false']);
      } finally {
        await scene.operators.start();
      }
      return scene.run(decision(await openRequest(scene, VICTIM.agent), { by: USERS.approver }));
    },
  },
  {
    route,
    attempt: 'a denial is turned into an approval',
    identity: 'approver',
    expected: 'refused by schema',
    run: async (scene) => {
      const request = await pending(scene);
      await scene.operators.stop();
      try {
        await mustAs(scene, 'approver', decision(request, { by: USERS.approver, verdict: 'Denied' }));
        return await scene.run(decision(request, { by: USERS.approver }));
      } finally {
        await scene.operators.start();
        await restored(scene, request);
      }
    },
  },
  {
    route,
    attempt: 'a denial is taken out, to be given again as an approval',
    identity: 'approver',
    expected: 'refused by schema',
    run: async (scene) => {
      const request = await pending(scene);
      await scene.operators.stop();
      try {
        await mustAs(scene, 'approver', decision(request, { by: USERS.approver, verdict: 'Denied' }));
        return await scene.run(patch(request, { spec: { decision: null } }));
      } finally {
        await scene.operators.start();
        await restored(scene, request);
      }
    },
  },
  {
    route,
    attempt: 'a request that names somebody else as who asks is written down in the own name',
    identity: 'editor',
    expected: 'harmless',
    run: (scene) => stampedAs(scene, ['create', '-f', '-'], USERS.editor, draft(scene, { requestedBy: USERS.nobody })),
  },
  onDraft(
    'a request that comes with its decision',
    {
      requestedBy: USERS.editor,
      decision: { verdict: 'Approved', hash: '0'.repeat(64), by: USERS.approver },
    },
    { expected: 'refused by schema' },
  ),
  onDraft('a request that says itself until when it can be decided', {
    requestedBy: USERS.editor,
    expiresAt: '2030-01-01T00:00:00Z',
  }),
  {
    route,
    attempt: "a request under a name of the operator's own, so that it finds this one instead",
    identity: 'admin',
    expected: 'refused by policy',
    run: (scene) => {
      const { metadata: _named, ...request } = draft(scene, { requestedBy: ADMIN_USER });
      return scene.run(['create', '-f', '-'], { ...request, metadata: { name: 'apr-0123456789abcdef0123' } });
    },
  },
  onDraft('break-glass asked for without the verb', { requestedBy: USERS.editor, breakGlass: true }),
  onDraft(
    'a request by a stranger',
    { requestedBy: USERS.nobody },
    { identity: 'nobody', expected: 'refused by rights' },
  ),
];

/** What the apiserver would store has that name in it, whatever was sent. */
async function stampedAs(scene: Scene, args: readonly string[], user: string, input?: object): Promise<Verdict> {
  const { code, stdout, stderr } = await scene.run([...args, '--dry-run=server', '-o', 'json'], input);
  judge(code === 0, 'harmless', stderr);
  const { spec }: { readonly spec: ApprovalRequest['spec'] } = JSON.parse(stdout);
  const name = spec.decision === undefined ? spec.requestedBy : spec.decision.by;
  return judge(name === user, 'harmless', `it is written down as ${name}`);
}

/** A denial gives the object back under a new uid: from then on that one is the victim, with the same Pod and volume. */
async function restored(scene: Scene, request: ApprovalRequest): Promise<void> {
  const key = `Workspace/${request.spec.target.name}`;
  await until(scene, 'the Workspace be given back', async () => {
    const state = (await readRequest(scene, request.metadata.name))?.status?.restoration?.state;
    return state === 'Restored';
  });
  const { stdout } = await scene.as('admin', ['get', 'workspace', request.spec.target.name, '-o', 'json']);
  scene.tenant.present = new Map([...scene.tenant.present, [key, { ...JSON.parse(stdout), kind: 'Workspace' }]]);
}
