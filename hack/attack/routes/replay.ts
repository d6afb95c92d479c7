import { API_VERSION } from '../../../src/apis/v1alpha1/names.ts';
import type { ApprovalRequest } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { Attempt, Verdict } from '../attempt.ts';
import { query } from '../ledger-count.ts';
import { USERS } from '../people.ts';
import {
  decision,
  judge,
  mustAs,
  openRequest,
  pending,
  readRequest,
  rebase,
  type Scene,
  until,
  waitForPhase,
} from '../scene.ts';
import { observe, VICTIM } from '../tenant.ts';

const route = 'replay';
const AGENT = `workspace/${VICTIM.agent}`;
/** Changes of a spec that restart no agent. */
export const LARGER = '{"spec":{"storage":{"size":"99Gi"}}}';
const LARGER_ROOT = '{"spec":{"platformAgent":{"storage":{"size":"99Gi"}}}}';
const APPROVED: Parameters<typeof decision>[1] = { by: USERS.approver };

/** The agent is deleted with an approval, then made again under the same name. Returns the request that was used up. */
export async function usedUp(scene: Scene): Promise<ApprovalRequest> {
  const request = await pending(scene);
  await mustAs(scene, 'approver', decision(request, APPROVED));
  await until(scene, 'the Workspace be gone', async () => (await scene.as('admin', ['get', AGENT])).code !== 0);
  await mustAs(scene, 'editor', ['create', '-f', '-'], {
    apiVersion: API_VERSION,
    kind: 'Workspace',
    metadata: { name: VICTIM.agent },
    spec: {},
  });
  await until(scene, 'the new agent', async () =>
    [...(await observe(scene.client, scene.tenant.namespace, scene.signal)).values()].some(
      ({ kind, metadata }) => kind === 'Pod' && metadata.name.startsWith(VICTIM.agent),
    ),
  );
  await rebase(scene);
  return (await readRequest(scene, request.metadata.name)) ?? request;
}

/** Approves what was asked while nobody looks, changes something, then lets the operator look. */
async function changedAfterApproval(scene: Scene, change: () => Promise<void>, object?: string): Promise<Verdict> {
  const request = await pending(scene, object);
  await scene.operators.stop();
  try {
    await mustAs(scene, 'approver', decision(request, APPROVED));
    await change();
  } finally {
    await scene.operators.start();
  }
  const phase = await waitForPhase(scene, request, ['Superseded', 'Expired', 'Consumed']);
  return judge(phase !== 'Consumed', 'held', `the request was ${phase}`);
}

/** An approval is good for one operation, once, and for no other. */
export const REPLAY: readonly Attempt[] = [
  {
    route,
    attempt: 'an agent that was made again under the name of one that went is deleted under the old approval',
    identity: 'editor',
    expected: 'held',
    run: async (scene) => {
      const used = await usedUp(scene);
      const answer = await scene.run(['delete', AGENT, '--wait=false']);
      const asked = await openRequest(scene, VICTIM.agent);
      return judge(asked.metadata.name !== used.metadata.name, 'held', answer.stderr);
    },
  },
  {
    route,
    attempt: 'a used request is approved once more',
    identity: 'approver',
    expected: 'harmless',
    run: async (scene) => scene.run(decision(await usedUp(scene), APPROVED)),
  },
  {
    route,
    attempt: 'a used request is made again, with its record, hash and decision',
    identity: 'admin',
    expected: 'refused by schema',
    run: async (scene) => {
      const { spec } = await usedUp(scene);
      return scene.run(['create', '-f', '-'], {
        apiVersion: API_VERSION,
        kind: 'ApprovalRequest',
        metadata: { name: 'replayed' },
        spec,
      });
    },
  },
  {
    route,
    attempt: 'a used request is made again, with its record and hash',
    identity: 'admin',
    expected: 'refused by policy',
    run: async (scene) => {
      const { decision: _given, ...spec } = (await usedUp(scene)).spec;
      return scene.run(['create', '-f', '-'], {
        apiVersion: API_VERSION,
        kind: 'ApprovalRequest',
        metadata: { name: 'replayed' },
        spec: { ...spec, requestedBy: 'admin' },
      });
    },
  },
  {
    route,
    attempt: 'the decision on one agent is given for another',
    identity: 'approver',
    expected: 'refused by schema',
    run: async (scene) => {
      const a = await pending(scene);
      const b = await pending(scene, `workspace/${VICTIM.reader}`);
      return scene.run(decision(b, { ...APPROVED, hash: a.spec.hash ?? '' }));
    },
  },
  {
    route,
    attempt: 'the agent that was approved is changed before the operator looks',
    identity: 'editor',
    expected: 'held',
    run: (scene) =>
      changedAfterApproval(scene, () => mustAs(scene, 'editor', ['patch', AGENT, '--type=merge', '-p', LARGER])),
  },
  {
    route,
    attempt: 'the Org that was approved is changed before the operator looks',
    identity: 'editor',
    expected: 'held',
    run: (scene) =>
      changedAfterApproval(
        scene,
        () => mustAs(scene, 'editor', ['patch', 'org/org', '--type=merge', '-p', LARGER_ROOT]),
        'org/org',
      ),
  },
  {
    route,
    attempt: 'the approval expires between the yes and the operator',
    identity: 'approver',
    expected: 'held',
    run: (scene) =>
      changedAfterApproval(scene, async () => {
        const { uid } = scene.tenant.present.get(`Workspace/${VICTIM.agent}`)?.metadata ?? {};
        const expire = "UPDATE molecule.approvals SET expires_at = now() - interval '1 second' WHERE subject_uid = $1";
        await query(scene.postgres.access.url, expire, [uid]);
      }),
  },
  {
    route,
    attempt: 'two operators at once execute one approval',
    identity: 'approver',
    expected: 'harmless',
    run: async (scene) => {
      await scene.operators.start('second');
      const request = await pending(scene);
      await mustAs(scene, 'approver', decision(request, APPROVED));
      await until(scene, 'the Workspace be gone', async () => (await scene.as('admin', ['get', AGENT])).code !== 0);
      const [row] = await query<{ readonly count: string }>(
        scene.postgres.access.url,
        'SELECT count(*) AS count FROM molecule.operations WHERE subject_uid = $1',
        [request.spec.target.uid],
      );
      await scene.operators.stop();
      await scene.operators.start();
      await rebase(scene);
      return judge(row?.count === '1', 'harmless', `${row?.count} operations for one approval`);
    },
  },
];
