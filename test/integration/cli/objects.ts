import { API_VERSION, OPERATOR_USER } from '../../../src/apis/v1alpha1/names.ts';
import type { Condition } from '../../../src/apis/v1alpha1/types.generated.ts';
import { mustKubectl } from '../../support/control-plane.ts';

/** Creates objects of ours in a namespace; nobody reconciles them. */
export async function create(namespace: string, objects: readonly object[]): Promise<void> {
  const items = objects.map((object) => ({ apiVersion: API_VERSION, ...object }));
  await mustKubectl(['create', '-f', '-'], {
    namespace,
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
}

/** Writes status as the operator would. */
export async function writeStatus(namespace: string, object: string, status: object): Promise<void> {
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  await mustKubectl(['patch', object, ...patch], { namespace, as: OPERATOR_USER, groups: ['system:masters'] });
}

export function conditions(
  status: Condition['status'],
  reason: string,
  options: { readonly message: string; readonly types: readonly string[] },
): readonly Condition[] {
  const { message, types } = options;
  const common = { status, reason, message, observedGeneration: 1, lastTransitionTime: '2026-11-21T08:00:00Z' };
  return types.map((type) => ({ type, ...common }));
}
