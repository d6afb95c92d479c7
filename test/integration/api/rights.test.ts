import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { OPERATOR_NAMESPACE, OPERATOR_USER } from '../../../src/apis/v1alpha1/names.ts';
import { createNamespace, kubectl, mustKubectl } from '../../support/control-plane.ts';

async function can(
  user: string,
  question: { readonly verb: string; readonly resource: string },
  namespace: string,
): Promise<boolean> {
  const [resource = '', subresource] = question.resource.split('/');
  const flags = subresource === undefined ? [] : ['--subresource', subresource];
  const answer = await kubectl(['auth', 'can-i', question.verb, resource, ...flags], { namespace, as: user });
  return answer.stdout.trim() === 'yes';
}

describe('the operator', () => {
  it.each([
    ['may', 'create', 'workspaces.moleculesai.app'],
    ['may', 'patch', 'workspaces.moleculesai.app/status'],
    ['may', 'create', 'pods'],
    ['may', 'create', 'persistentvolumeclaims'],
    ['may', 'get', 'secrets'],
    ['may', 'create', 'tokenreviews.authentication.k8s.io'],
    ['may', 'create', 'events.events.k8s.io'],
    ['may', 'patch', 'events.events.k8s.io'],
    ['may not', 'get', 'events.events.k8s.io'],
    ['may not', 'create', 'leases.coordination.k8s.io'],
    ['may not', 'update', 'pods/status'],
    ['may not', 'list', 'secrets'],
    ['may not', 'watch', 'secrets'],
    ['may', 'delete', 'persistentvolumeclaims'],
    ['may', 'create', 'orgs.moleculesai.app'],
    ['may not', 'delete', 'orgs.moleculesai.app'],
    ['may', 'create', 'approvalrequests.moleculesai.app'],
    ['may', 'patch', 'approvalrequests.moleculesai.app/status'],
    ['may not', 'approve-unattributed', 'approvalrequests.moleculesai.app'],
    ['may not', 'break-glass', 'approvalrequests.moleculesai.app'],
    ['may not', 'patch', 'validatingadmissionpolicies.admissionregistration.k8s.io'],
    ['may not', 'delete', 'namespaces'],
    ['may not', 'delete', 'customresourcedefinitions.apiextensions.k8s.io'],
    ['may not', 'approve', 'approvalrequests.moleculesai.app'],
    ['may not', 'update', 'approvalrequests.moleculesai.app'],
    ['may not', 'create', 'pods/exec'],
    ['may not', 'create', 'serviceaccounts/token'],
    ['may', 'watch', 'networkpolicies.networking.k8s.io'],
    ['may', 'watch', 'serviceaccounts'],
    ['may not', 'create', 'networkpolicies.networking.k8s.io'],
    ['may not', 'delete', 'networkpolicies.networking.k8s.io'],
    ['may not', 'patch', 'serviceaccounts'],
    ['may not', 'delete', 'validatingadmissionpolicies.admissionregistration.k8s.io'],
  ])('%s %s %s', async (may, verb, resource) => {
    expect(await can(OPERATOR_USER, { verb, resource }, 'default')).toBe(may === 'may');
  });

  it.each([
    ['may', 'create', 'leases.coordination.k8s.io'],
    ['may', 'get', 'leases.coordination.k8s.io/molecule-operator'],
    ['may', 'patch', 'leases.coordination.k8s.io/molecule-operator'],
    ['may not', 'patch', 'leases.coordination.k8s.io/other'],
    ['may not', 'delete', 'leases.coordination.k8s.io/molecule-operator'],
    ['may', 'patch', 'secrets/molecule-webhook'],
    ['may not', 'patch', 'secrets/molecule-ledger'],
    ['may not', 'delete', 'secrets/molecule-webhook'],
    ['may', 'create', 'serviceaccounts/molecule-guard-probe --subresource=token'],
    ['may not', 'create', 'serviceaccounts/molecule-operator --subresource=token'],
    ['may not', 'create', 'serviceaccounts/default --subresource=token'],
  ])('%s, in its own namespace, %s %s', async (may, verb, object) => {
    const answer = await kubectl(['auth', 'can-i', verb, ...object.split(' ')], {
      namespace: OPERATOR_NAMESPACE,
      as: OPERATOR_USER,
    });
    expect(answer.stdout.trim()).toBe(may === 'may' ? 'yes' : 'no');
  });
});

describe('the roles for people', () => {
  it('let approve what nobody asked for, and nothing else', async () => {
    const role = await mustKubectl(['get', 'clusterrole', 'molecule-approver-unattributed', '-o', 'jsonpath={.rules}']);
    expect(JSON.parse(role)).toEqual([
      { apiGroups: ['moleculesai.app'], resources: ['approvalrequests'], verbs: ['approve-unattributed'] },
    ]);
  });

  it.each([
    ['view', 'may', 'list', 'approvalrequests.moleculesai.app'],
    ['view', 'may not', 'create', 'workspaces.moleculesai.app'],
    ['edit', 'may', 'list', 'approvalrequests.moleculesai.app'],
    ['edit', 'may', 'create', 'workspaces.moleculesai.app'],
    ['edit', 'may', 'create', 'approvalrequests.moleculesai.app'],
    ['edit', 'may', 'restore', 'workspaces.moleculesai.app'],
    ['edit', 'may not', 'patch', 'approvalrequests.moleculesai.app'],
    ['edit', 'may not', 'break-glass', 'approvalrequests.moleculesai.app'],
    ['edit', 'may not', 'approve', 'approvalrequests.moleculesai.app'],
    ['admin', 'may', 'delete', 'orgs.moleculesai.app'],
    ['admin', 'may not', 'approve', 'approvalrequests.moleculesai.app'],
    ['molecule-approver', 'may', 'approve', 'approvalrequests.moleculesai.app'],
    ['molecule-approver', 'may', 'patch', 'approvalrequests.moleculesai.app'],
    ['molecule-approver', 'may not', 'approve-unattributed', 'approvalrequests.moleculesai.app'],
    ['molecule-approver', 'may not', 'break-glass', 'approvalrequests.moleculesai.app'],
    ['molecule-approver', 'may not', 'delete', 'approvalrequests.moleculesai.app'],
    ['molecule-approver', 'may not', 'delete', 'workspaces.moleculesai.app'],
    ['molecule-break-glass', 'may', 'break-glass', 'approvalrequests.moleculesai.app'],
    ['molecule-break-glass', 'may', 'create', 'approvalrequests.moleculesai.app'],
    ['molecule-break-glass', 'may not', 'approve', 'approvalrequests.moleculesai.app'],
    ['molecule-break-glass', 'may not', 'patch', 'approvalrequests.moleculesai.app'],
  ])('let %s: %s %s %s', async (role, may, verb, resource) => {
    const namespace = await createNamespace('rights');
    await mustKubectl(['create', 'rolebinding', 'jane', `--clusterrole=${role}`, '--user=jane'], { namespace });
    const known = role.startsWith('molecule') ? 'approvalrequests.moleculesai.app' : 'orgs.moleculesai.app';
    // The controller-manager adds our roles to the cluster's own some time after they were made.
    await waitFor(() => can('jane', { verb: 'list', resource: known }, namespace), {
      what: `the role ${role} to be in force`,
      timeoutMs: 20_000,
    });
    expect(await can('jane', { verb, resource }, namespace)).toBe(may === 'may');
  });
});
