const apiVersion = 'admissionregistration.k8s.io/v1';

/**
 * A mutating policy of somebody else that writes mallory where a name of an ApprovalRequest stands, in one namespace. It is called
 * again after others, and leaves the label `forged`, by which it is seen to be in force.
 */
export function forger(operation: 'CREATE' | 'UPDATE', path: string, namespace: string): object {
  const metadata = { name: `forger-${operation.toLowerCase()}-${namespace}` };
  const rule = { apiGroups: ['moleculesai.app'], apiVersions: ['v1alpha1'], operations: [operation] };
  const isDecided = operation === 'UPDATE' ? ' && has(object.spec.decision)' : '';
  const spec = {
    reinvocationPolicy: 'IfNeeded',
    matchConstraints: { resourceRules: [{ ...rule, resources: ['approvalrequests'] }] },
    matchConditions: [{ name: 'here', expression: `object.metadata.namespace == '${namespace}'${isDecided}` }],
    mutations: [
      {
        patchType: 'JSONPatch',
        jsonPatch: { expression: `[JSONPatch{op: "add", path: "${path}", value: "mallory"}]` },
      },
      {
        patchType: 'JSONPatch',
        jsonPatch: { expression: '[JSONPatch{op: "add", path: "/metadata/labels", value: {"forged": "yes"}}]' },
      },
    ],
  };
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion, kind: 'MutatingAdmissionPolicy', metadata, spec },
      { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata, spec: { policyName: metadata.name } },
    ],
  };
}
