import { PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { ApprovalRequest, Org, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { hierarchyNode } from '../../controllers/hierarchy-node.ts';
import { isFinal } from '../../rules/approval/lifecycle.ts';
import { place } from '../../rules/hierarchy.ts';
import { type Standing, standingOf } from '../standing.ts';
import type { DetachedNode, OrgTree, TreeNode } from './org-tree.ts';

/** The trees of all namespaces that have an Org or a Workspace, in the order of their names. Without requests none is known. */
export function buildTrees(
  orgs: readonly Org[],
  workspaces: readonly Workspace[],
  requests: readonly ApprovalRequest[] = [],
): readonly OrgTree[] {
  const approvals = new Map(
    requests
      .filter(({ status }) => !isFinal(status?.phase))
      .map(({ metadata, spec }) => [spec.target.uid, metadata.name]),
  );
  const orgsByNamespace = Map.groupBy(orgs, namespaceOf);
  const workspacesByNamespace = Map.groupBy(workspaces, namespaceOf);
  const namespaces = new Set([...orgsByNamespace.keys(), ...workspacesByNamespace.keys()]);
  return [...namespaces].sort().map((namespace) =>
    buildTree(namespace, {
      org: orgsByNamespace.get(namespace)?.[0],
      workspaces: workspacesByNamespace.get(namespace) ?? [],
      approvals,
    }),
  );
}

interface Members {
  readonly org: Org | undefined;
  readonly workspaces: readonly Workspace[];
  /** Name of the open request by the uid of what it is about. */
  readonly approvals: ReadonlyMap<string, string>;
}

/** Parents are taken from the specs: that is what people edit, and the operator computes the same from them. */
function buildTree(namespace: string, { org, workspaces, approvals }: Members): OrgTree {
  const sorted = [...workspaces].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const byName = new Map(sorted.map((workspace) => [workspace.metadata.name, workspace]));
  const agents = sorted.filter((workspace) => workspace.spec.kind !== 'platform');
  const byParent = Map.groupBy(agents, parentOf);
  const attached = new Set<string>();
  const nodeOf = (workspace: Workspace, children: readonly TreeNode[]): TreeNode =>
    treeNode(workspace, { children, approval: approvals.get(workspace.metadata.uid ?? '') ?? null });
  const subtree = (name: string, heads: ReadonlySet<string>): TreeNode[] =>
    (byParent.get(name) ?? [])
      .filter((child) => !heads.has(child.metadata.name))
      .map((child) => {
        attached.add(child.metadata.name);
        return nodeOf(child, subtree(child.metadata.name, heads));
      });

  const children = subtree(PLATFORM_AGENT_NAME, new Set());
  const platformAgent = byName.get(PLATFORM_AGENT_NAME);
  const loose = agents.filter((workspace) => !attached.has(workspace.metadata.name));
  const heads = loose.filter((workspace) => !byName.has(parentOf(workspace)) || isInCircle(workspace, byName));
  const headNames = new Set(heads.map((workspace) => workspace.metadata.name));
  return {
    namespace,
    orgID: org?.status?.orgID ?? null,
    displayName: org?.spec.displayName ?? null,
    createdAt: org?.metadata.creationTimestamp ?? null,
    ...(org === undefined ? NO_ORG : standingOf(org)),
    root: platformAgent === undefined ? missingRoot(children) : nodeOf(platformAgent, children),
    detached: heads.flatMap((head) => detachedNode(nodeOf(head, subtree(head.metadata.name, headNames)), byName)),
  };
}

const NO_ORG: Standing = {
  state: 'Missing',
  reason: 'OrgNotFound',
  message: 'This namespace has no Org named "org"; create one',
};

const NO_PLATFORM_AGENT: Standing = {
  state: 'Missing',
  reason: 'PlatformAgentNotReady',
  message: 'The operator creates it as soon as it sees the Org',
};

function namespaceOf(object: Org | Workspace): string {
  return object.metadata.namespace ?? '';
}

function parentOf(workspace: Workspace): string {
  return workspace.spec.parentRef?.name ?? PLATFORM_AGENT_NAME;
}

function isInCircle(start: Workspace, byName: ReadonlyMap<string, Workspace>): boolean {
  const walked = new Set<string>();
  for (let at = byName.get(parentOf(start)); at !== undefined; at = byName.get(parentOf(at))) {
    if (at === start) return true;
    if (walked.has(at.metadata.name)) return false;
    walked.add(at.metadata.name);
  }
  return false;
}

/** The operator's own rule says why; its words are those of the condition. */
function detachedNode(node: TreeNode, byName: ReadonlyMap<string, Workspace>): readonly DetachedNode[] {
  const lookup = (name: string) => {
    const workspace = byName.get(name);
    return workspace === undefined ? undefined : hierarchyNode(workspace);
  };
  const head = lookup(node.name);
  const placement = head === undefined ? undefined : place(head, { platformAgent: PLATFORM_AGENT_NAME, lookup });
  if (placement?.kind !== 'misplaced') return [];
  return [{ ...node, detachedReason: placement.reason, detachedMessage: placement.message }];
}

function treeNode(workspace: Workspace, { children, approval }: Pick<TreeNode, 'children' | 'approval'>): TreeNode {
  const { metadata, spec, status } = workspace;
  return {
    name: metadata.name,
    kind: spec.kind ?? 'workspace',
    ...standingOf(workspace),
    displayName: spec.displayName ?? null,
    id: status?.id ?? null,
    revision: status?.assets?.revision ?? null,
    files: status?.assets?.files ?? null,
    runtime: spec.runtime ?? null,
    template: spec.templateRef?.name ?? null,
    pod: status?.podName ?? null,
    endpoint: status?.endpoint ?? null,
    createdAt: metadata.creationTimestamp ?? null,
    approval,
    children,
  };
}

function missingRoot(children: readonly TreeNode[]): TreeNode {
  const unknown = { displayName: null, id: null, revision: null, files: null, runtime: null, template: null };
  return {
    name: PLATFORM_AGENT_NAME,
    kind: 'platform',
    ...NO_PLATFORM_AGENT,
    ...unknown,
    pod: null,
    endpoint: null,
    createdAt: null,
    approval: null,
    children,
  };
}
