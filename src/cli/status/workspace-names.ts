import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { hierarchyNode } from '../../controllers/hierarchy-node.ts';
import { secretKeys } from '../../controllers/workspace/check-environment.ts';
import { suspendedAncestor } from '../../rules/hierarchy.ts';
import { compareQuantities } from '../../rules/quantity.ts';
import { foundValue } from '../read-object.ts';
import { conditionOf } from '../standing.ts';
import type { EnvironmentSecret, Names } from './advice.ts';
import type { WorkspaceFacts } from './facts.ts';

/** What a command about this Workspace may name, as far as it is known. */
export function workspaceNames(facts: WorkspaceFacts): Partial<Names> {
  const { workspace, pod, volume, template } = facts;
  const suspended = findSuspended(facts);
  const volumeSize = sizeToPutBack(facts);
  return {
    pod: pod.name,
    volume: volume.name,
    environmentSecrets: findMissingSecrets(workspace),
    ...(template === undefined ? {} : { templateAsset: template.name }),
    ...(suspended === undefined ? {} : { suspendedAncestor: suspended }),
    ...(volumeSize === undefined ? {} : { volumeSize }),
  };
}

/**
 * The Secrets and keys of spec.env that the operator misses, which its message lists in brackets; all of them where it lists
 * none. Secrets are not for everybody to read, so they are not looked at.
 */
function findMissingSecrets(workspace: Workspace): readonly EnvironmentSecret[] {
  const listed = /\(([^)]*)\)/.exec(conditionOf(workspace, CONDITIONS.ready)?.message ?? '')?.[1] ?? '';
  const words = new Set(listed.split(/[\s,]+/));
  const all = [...secretKeys(workspace)].map(([name, keys]) => ({ name, keys }));
  const missing = all
    .map(({ name, keys }) => ({
      name,
      keys: words.has(name) ? keys : keys.filter((key) => words.has(`${name}/${key}`)),
    }))
    .filter(({ keys }) => keys.length > 0);
  return missing.length > 0 ? missing : all;
}

/** By the operator's own rule, so it is the one that the condition names. */
function findSuspended({ workspace, parents }: WorkspaceFacts): string | undefined {
  const lookup = (name: string) => {
    const parent = parents.find((one) => one.name === name);
    const found = parent === undefined ? undefined : foundValue(parent.found);
    return found === undefined ? undefined : hierarchyNode(found);
  };
  return suspendedAncestor(hierarchyNode(workspace), { platformAgent: PLATFORM_AGENT_NAME, lookup });
}

/** Undefined unless the Workspace asks for more than its volume asks for: only then does a smaller size end the wish. */
function sizeToPutBack({ workspace, volume }: WorkspaceFacts): string | undefined {
  const wanted = workspace.spec.storage?.size;
  const requested = foundValue(volume.found)?.spec?.resources?.requests?.storage;
  if (wanted === undefined || requested === undefined) return undefined;
  return compareQuantities(wanted, requested) > 0 ? requested : undefined;
}
