import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT, OPERATOR_USER } from '../../../src/apis/v1alpha1/names.ts';
import type { Attempt } from '../attempt.ts';
import { USERS } from '../people.ts';
import { decision, pending } from '../scene.ts';
import { VICTIM } from '../tenant.ts';

const route = 'identity';
const STRIP = ['patch', `workspace/${VICTIM.agent}`, '--type=merge', '-p', '{"metadata":{"finalizers":null}}'];

/** To be taken for somebody else. */
export const IMPERSONATION: readonly Attempt[] = [
  {
    route,
    attempt: 'an editor acts as the operator',
    identity: 'editor',
    expected: 'refused by rights',
    run: ({ run }) => run([...STRIP, `--as=${OPERATOR_USER}`]),
  },
  {
    route,
    attempt: 'an agent acts as an administrator',
    identity: 'agent',
    expected: 'refused by rights',
    run: ({ run }) => run([...STRIP, '--as=root', '--as-group=system:masters']),
  },
  {
    route,
    attempt: 'an agent acts as the approver',
    identity: 'agent',
    expected: 'refused by rights',
    run: async (scene) => {
      const request = await pending(scene);
      return scene.run([...decision(request, { by: USERS.approver }), `--as=${USERS.approver}`]);
    },
  },
  {
    route,
    attempt: "an editor asks for a token of the operator's account",
    identity: 'editor',
    expected: 'refused by rights',
    run: ({ run }) => run(['create', 'token', OPERATOR_SERVICE_ACCOUNT, '-n', OPERATOR_NAMESPACE]),
  },
  {
    route,
    attempt: "a stranger asks for a token of the operator's account",
    identity: 'nobody',
    expected: 'refused by rights',
    run: ({ run }) => run(['create', 'token', OPERATOR_SERVICE_ACCOUNT, '-n', OPERATOR_NAMESPACE]),
  },
  {
    route,
    attempt: "an approver asks for a token of the operator's account",
    identity: 'approver',
    expected: 'refused by rights',
    run: ({ run }) => run(['create', 'token', OPERATOR_SERVICE_ACCOUNT, '-n', OPERATOR_NAMESPACE]),
  },
  {
    route,
    attempt: 'an editor gives itself the verb approve',
    identity: 'editor',
    expected: 'refused by rights',
    run: ({ run }) =>
      run(['create', 'rolebinding', 'mine', '--clusterrole=molecule-approver', `--user=${USERS.editor}`]),
  },
  {
    route,
    attempt: 'an approver takes a policy of the guard away',
    identity: 'approver',
    expected: 'refused by rights',
    run: ({ run }) => run(['delete', 'validatingadmissionpolicy', 'approval-finalizer.moleculesai.app']),
  },
];
