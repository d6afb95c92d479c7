/** The longest way from a Workspace to its root that is walked (AC-7). */
export const MAX_DEPTH = 32;

export interface HierarchyNode {
  readonly name: string;
  readonly isPlatform: boolean;
  /** spec.parentRef.name; absent means: the platform agent. */
  readonly parentName?: string;
}

/** Where a Workspace stands in its Org's tree, or why it stands nowhere. */
export type Placement =
  | { readonly kind: 'placed'; readonly root: string; readonly parent?: string; readonly depth: number }
  | {
      readonly kind: 'misplaced';
      readonly reason: 'ParentNotFound' | 'ParentCycle' | 'TooDeep';
      readonly message: string;
    };

export interface Hierarchy {
  /** Name of the Org's platform agent, the root of everything. */
  readonly platformAgent: string;
  /** Workspaces of the same namespace only: a parent elsewhere is a parent that does not exist. */
  lookup(name: string): HierarchyNode | undefined;
}

/**
 * Finds root, effective parent and depth by walking upward; the root has depth 0. Work is bounded by MAX_DEPTH lookups,
 * whatever the size of the Org. The platform agent itself need not exist yet to be somebody's effective parent: a
 * Workspace must not wait for it.
 */
export function place(node: HierarchyNode, hierarchy: Hierarchy): Placement {
  if (node.isPlatform) return { kind: 'placed', root: node.name, depth: 0 };
  const parent = node.parentName ?? hierarchy.platformAgent;
  const visited = new Set([node.name]);
  let depth = 1;
  for (let name = parent; name !== hierarchy.platformAgent; depth += 1) {
    if (visited.has(name))
      return misplaced(
        'ParentCycle',
        `${quoteChain([...visited, name])} form a circle; set another spec.parentRef on one of them`,
      );
    if (depth >= MAX_DEPTH)
      return misplaced(
        'TooDeep',
        `The way to the root is longer than ${MAX_DEPTH} Workspaces; set a spec.parentRef nearer to the root`,
      );
    visited.add(name);
    const above = hierarchy.lookup(name);
    if (above === undefined)
      return misplaced(
        'ParentNotFound',
        `Workspace "${name}" does not exist in this namespace; create it or change spec.parentRef`,
      );
    name = above.parentName ?? hierarchy.platformAgent;
  }
  return { kind: 'placed', root: hierarchy.platformAgent, parent, depth };
}

function misplaced(reason: 'ParentNotFound' | 'ParentCycle' | 'TooDeep', message: string): Placement {
  return { kind: 'misplaced', reason, message };
}

/** Only the members of the circle itself, sorted, so that every member reads the same sentence. */
function quoteChain(walked: readonly string[]): string {
  const last = walked[walked.length - 1] ?? '';
  const circle = walked.slice(walked.indexOf(last), -1);
  return [...new Set(circle)]
    .sort()
    .map((name) => `"${name}"`)
    .join(', ');
}
