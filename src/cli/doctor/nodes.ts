import { NODES } from '../../apis/v1alpha1/resources.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { listAll } from '../list-all.ts';
import { type Found, find } from '../read-object.ts';
import { counted } from '../text.ts';
import { failed, forbidden, ok, type Problem, warning } from './finding.ts';
import type { DoctorSource } from './source.ts';

export interface NodeFeatures extends KubeObject {
  readonly status?: { readonly declaredFeatures?: readonly string[] };
}

const RESTART_FEATURE = 'RestartAllContainersOnContainerExits';
const MOST_NAMES = 5;

export function readNodes({ client, signal }: DoctorSource): Promise<Found<readonly NodeFeatures[]>> {
  return find(listAll<NodeFeatures>(client, NODES, { signal }));
}

/** Agents are healed in place only when every node can restart all containers of a Pod. */
export function judgeNodes(found: Found<readonly NodeFeatures[]>): readonly Problem[] {
  if (found.kind !== 'found') return [forbidden(found.kind === 'unreadable' ? found.message : 'there are no nodes')];
  const nodes = found.value;
  const without = nodes
    .filter(({ status }) => !status?.declaredFeatures?.includes(RESTART_FEATURE))
    .map(({ metadata }) => metadata.name);
  if (nodes.length === 0) return [failed('There is no node, so no agent can run', 'Add a node')];
  if (without.length === 0)
    return [ok(`Every node can restart a Pod's containers together (${counted(nodes.length, 'node')})`)];
  const named = without.slice(0, MOST_NAMES).join(', ') + (without.length > MOST_NAMES ? ', …' : '');
  return [
    warning(
      `${without.length} of ${nodes.length} nodes cannot restart a Pod's containers together (${named}), so an agent that ends gets a new Pod`,
      `Upgrade them to Kubernetes 1.36, or turn on the feature gate ${RESTART_FEATURE} of their kubelets`,
    ),
  ];
}
