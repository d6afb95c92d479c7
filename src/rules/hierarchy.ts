/** The longest way from a Workspace to its root that is walked (AC-7). */
export const MAX_DEPTH = 32;

export interface HierarchyNode {
  readonly name: string;
  readonly isPlatform: boolean;
  /** spec.parentRef.name; absent means: the platform agent. */
  readonly parentName?: string;
}

export interface SuspendableNode extends HierarchyNode {
  /** By its own spec. */
  readonly isSuspended: boolean;
}

/** Where a Workspace stands in its Org's tree, or why it stands nowhere. */
export type Placement = Placed | Misplaced;

export interface Placed {
  readonly kind: 'placed';
  readonly root: string;
  readonly parent?: string;
  readonly depth: number;
}

export interface Misplaced {
  readonly kind: 'misplaced';
  readonly reason: 'ParentNotFound' | 'ParentCycle' | 'TooDeep';
  readonly message: string;
}

export interface Hierarchy<Node extends HierarchyNode = HierarchyNode> {
  /** Name of the Org's platform agent, the root of everything. */
  readonly platformAgent: string;
  /** Workspaces of the same namespace only: a parent elsewhere is a parent that does not exist. */
  lookup(name: string): Node | undefined;
}

/**
 * Finds root, effective parent and depth by walking upward; the root has depth 0. Work is bounded by MAX_DEPTH lookups,
 * whatever the size of the Org. The platform agent itself need not exist yet to be somebody's effective parent: a
 * Workspace must not wait for it.
 */
export function place(node: HierarchyNode, hierarchy: Hierarchy): Placement {
  if (node.isPlatform) return { kind: 'placed', root: node.name, depth: 0 };
  const visited = new Set([node.name]);
  let depth = 0;
  for (const { name, found } of upward(node, hierarchy)) {
    depth += 1;
    if (name === hierarchy.platformAgent) break;
    if (visited.has(name))
      return misplaced(
        'ParentCycle',
        `${quoteCircle([...visited, name])} form a circle; set another spec.parentRef on one of them`,
      );
    if (depth >= MAX_DEPTH)
      return misplaced(
        'TooDeep',
        `The way to the root is longer than ${MAX_DEPTH} Workspaces; set a spec.parentRef nearer to the root`,
      );
    visited.add(name);
    if (found === undefined)
      return misplaced(
        'ParentNotFound',
        `Workspace "${name}" does not exist in this namespace; create it or change spec.parentRef`,
      );
  }
  return { kind: 'placed', root: hierarchy.platformAgent, parent: parentOf(node, hierarchy), depth };
}

/**
 * The nearest Workspace above that is suspended, and with it everything below. Also where the way up leads nowhere in the end:
 * what stands still below a suspended Workspace must not start because its tree broke further up, and a suspended
 * platform agent stops everybody, whatever their parents.
 */
export function suspendedAncestor(node: HierarchyNode, hierarchy: Hierarchy<SuspendableNode>): string | undefined {
  if (node.isPlatform) return undefined;
  let steps = 0;
  for (const { name, found } of upward(node, hierarchy)) {
    steps += 1;
    if (name === node.name || steps > MAX_DEPTH) break;
    if (found?.isSuspended === true) return name;
  }
  const { platformAgent } = hierarchy;
  return hierarchy.lookup(platformAgent)?.isSuspended === true ? platformAgent : undefined;
}

/**
 * The order in which a whole Org goes: whoever is further from the root goes first, so that nobody goes before those below it;
 * equal ones by name. Those without a place go first of all.
 */
export function deepestFirst<T>(
  members: readonly T[],
  options: { readonly nodeOf: (member: T) => HierarchyNode; readonly hierarchy: Hierarchy },
): readonly T[] {
  const ranked = members.map((member) => {
    const node = options.nodeOf(member);
    const placement = place(node, options.hierarchy);
    const depth = placement.kind === 'placed' ? placement.depth : Number.POSITIVE_INFINITY;
    return { member, name: node.name, depth };
  });
  return ranked
    .sort((a, b) => (a.depth === b.depth ? (a.name < b.name ? -1 : 1) : b.depth > a.depth ? 1 : -1))
    .map(({ member }) => member);
}

/** The effective parent of anybody but the platform agent. */
function parentOf(node: HierarchyNode, hierarchy: Hierarchy): string {
  return node.parentName ?? hierarchy.platformAgent;
}

/** Everybody above, nearest first, up to the platform agent or to a name that nobody has. Goes round in a circle for ever. */
function* upward<Node extends HierarchyNode>(
  node: HierarchyNode,
  hierarchy: Hierarchy<Node>,
): Generator<{ readonly name: string; readonly found: Node | undefined }> {
  for (let below: HierarchyNode | undefined = node; below !== undefined; ) {
    const name = parentOf(below, hierarchy);
    const found = hierarchy.lookup(name);
    yield { name, found };
    if (name === hierarchy.platformAgent) return;
    below = found;
  }
}

function misplaced(reason: Misplaced['reason'], message: string): Misplaced {
  return { kind: 'misplaced', reason, message };
}

/** Only the members of the circle itself, sorted, so that every member reads the same sentence. */
function quoteCircle(walked: readonly string[]): string {
  const last = walked[walked.length - 1] ?? '';
  const circle = walked.slice(walked.indexOf(last), -1);
  return [...new Set(circle)]
    .sort()
    .map((name) => `"${name}"`)
    .join(', ');
}
