import type { ApprovalRequest } from '../../../src/apis/v1alpha1/types.generated.ts';
import { type Attempt, refusalOf } from '../attempt.ts';
import { USERS } from '../people.ts';
import { decision, judge, mustAs, pending, type Scene, until } from '../scene.ts';
import { VICTIM } from '../tenant.ts';
import { LARGER } from './replay.ts';

const route = 'guard';
const AGENT = `workspace/${VICTIM.agent}`;
const POLICY = 'approval-finalizer.moleculesai.app';
/** Shows that the foreign policy is in force. */
const MARK = 'example.com/rewritten';
const BINDING = `validatingadmissionpolicybinding/${POLICY}`;

/** What the Org says of the guard. */
async function guardReady({ as }: Scene): Promise<string> {
  const path = 'jsonpath={.status.conditions[?(@.type=="GuardReady")].status}';
  return (await as('admin', ['get', 'org/org', '-o', path])).stdout;
}

/** Does something while a part of the guard is away and the operator knows it; puts it back whatever happens. */
export async function withoutBinding<T>(scene: Scene, act: () => Promise<T>): Promise<T> {
  const { stdout } = await scene.as('admin', ['get', BINDING, '-o', 'json']);
  const { spec, metadata, apiVersion, kind } = JSON.parse(stdout);
  await mustAs(scene, 'admin', ['delete', BINDING]);
  try {
    await until(scene, 'the operator notice that the guard is open', async () => (await guardReady(scene)) === 'False');
    return await act();
  } finally {
    const binding = { apiVersion, kind, metadata: { name: metadata.name, labels: metadata.labels }, spec };
    await mustAs(scene, 'admin', ['create', '-f', '-'], binding);
    await until(scene, 'the guard be whole again', async () => (await guardReady(scene)) === 'True');
  }
}

/** A policy of somebody else that writes another approver into every decision. */
function rewriter(): readonly object[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const metadata = { name: 'rewrites-by.example.com' };
  const rule = {
    apiGroups: ['moleculesai.app'],
    apiVersions: ['v1alpha1'],
    operations: ['UPDATE'],
    resources: ['approvalrequests'],
  };
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata,
      spec: {
        matchConstraints: { resourceRules: [rule] },
        matchConditions: [
          { name: 'decided', expression: 'has(object.spec.decision) && !has(oldObject.spec.decision)' },
        ],
        reinvocationPolicy: 'Never',
        mutations: [
          {
            patchType: 'JSONPatch',
            jsonPatch: {
              expression: `[
                JSONPatch{op: "add", path: "/spec/decision/by", value: "${USERS.nobody}"},
                JSONPatch{op: "add", path: "/metadata/annotations", value: {"${MARK}": "yes"}}]`,
            },
          },
        ],
      },
    },
    { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata, spec: { policyName: metadata.name } },
  ];
}

/** What stands between a request and its rules. */
export const GUARD: readonly Attempt[] = [
  {
    route,
    attempt: "somebody else's mutating policy writes another approver into a decision: refused, or put right by ours",
    identity: 'approver',
    expected: 'harmless',
    run: async (scene) => {
      const request = await pending(scene);
      const list = { apiVersion: 'v1', kind: 'List', items: rewriter() };
      await mustAs(scene, 'admin', ['create', '-f', '-'], list);
      try {
        const answer = await until(scene, 'the foreign policy in force', async () => {
          const probe = await scene.run([
            ...decision(request, { by: USERS.approver }),
            '--dry-run=server',
            '-o',
            'json',
          ]);
          return probe.code !== 0 || probe.stdout.includes(MARK) ? probe : undefined;
        });
        // Which of the two policies has the last word is not said; if it is the other one, ours refuses.
        if (refusalOf(answer) === 'refused by policy') return 'harmless';
        const { spec }: Pick<ApprovalRequest, 'spec'> = JSON.parse(answer.stdout);
        return judge(spec.decision?.by === USERS.approver, 'harmless', `decided by ${spec.decision?.by}`);
      } finally {
        await mustAs(scene, 'admin', ['delete', '-f', '-'], list);
      }
    },
  },
  {
    route,
    attempt: 'a policy of the guard is taken away, then what was asked is approved',
    identity: 'approver',
    expected: 'held',
    run: async (scene) => {
      const request = await pending(scene);
      return withoutBinding(scene, async () => {
        await mustAs(scene, 'approver', decision(request, { by: USERS.approver }));
        const reason = 'jsonpath={.status.conditions[?(@.type=="ApprovalPending")].reason}';
        const says = await until(scene, 'the Workspace say why it waits', async () => {
          const { stdout } = await scene.as('admin', ['get', AGENT, '-o', reason]);
          return stdout === 'GuardOpen' && stdout;
        });
        // What was approved would go once the guard is whole, and rightly so; it is changed, so that it stays for a look.
        await mustAs(scene, 'editor', ['patch', AGENT, '--type=merge', '-p', LARGER]);
        return judge(says === 'GuardOpen', 'held', says);
      });
    },
  },
];
