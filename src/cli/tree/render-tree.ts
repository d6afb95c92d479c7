import { age } from '../age.ts';
import { explain, type Standing, type State } from '../standing.ts';
import { branches, colored, mark, type Style } from '../style.ts';
import { alignRows, cut, printable } from '../text.ts';
import type { DetachedNode, OrgTree, TreeNode } from './org-tree.ts';

export interface RenderOptions {
  readonly style: Style;
  readonly now: Date;
  /** More columns, and nothing is cut. */
  readonly isWide: boolean;
}

/** One line of the table before it is aligned. Cells hold one line of printable text each. */
interface Row {
  /** Undefined for a heading without an object. */
  readonly state: State | undefined;
  /** The branches before the mark. */
  readonly prefix: string;
  readonly cells: readonly string[];
}

const SHORT_REVISION = 12;

/** The trees as aligned lines: a header, then each namespace with its Org and the agents below it. */
export function renderTrees(trees: readonly OrgTree[], options: RenderOptions): readonly string[] {
  const header: Row = { state: undefined, prefix: '', cells: headings(options) };
  return align([header, ...trees.flatMap((tree) => treeRows(tree, options))], options);
}

function headings({ isWide }: RenderOptions): readonly string[] {
  const details = isWide ? ['POD', 'ENDPOINT', 'RUNTIME', 'TEMPLATE', 'FILES'] : [];
  return ['NAME', 'STATE', 'REVISION', 'AGE', ...details, 'MESSAGE'];
}

function treeRows(tree: OrgTree, options: RenderOptions): readonly Row[] {
  const { middle, last, through, blank } = branches(options.style);
  const details = options.isWide ? ['', '', '', '', ''] : [];
  const cells = [tree.namespace, tree.state, '', age(tree.createdAt, options.now), ...details, orgMessage(tree)];
  const org: Row = { state: tree.state, prefix: '', cells };
  if (tree.detached.length === 0) return [org, ...nodeRows(tree.root, { own: last, below: blank }, options)];
  const heading: Row = { state: undefined, prefix: last, cells: ['not attached to the tree'] };
  const loose = tree.detached.flatMap((node, index) =>
    nodeRows(node, indent(blank, { isLast: index === tree.detached.length - 1, style: options.style }), options),
  );
  return [org, ...nodeRows(tree.root, { own: middle, below: through }, options), heading, ...loose];
}

interface Indent {
  readonly own: string;
  readonly below: string;
}

function indent(above: string, { isLast, style }: { readonly isLast: boolean; readonly style: Style }): Indent {
  const { middle, last, through, blank } = branches(style);
  return { own: above + (isLast ? last : middle), below: above + (isLast ? blank : through) };
}

function nodeRows(node: TreeNode | DetachedNode, { own, below }: Indent, options: RenderOptions): readonly Row[] {
  const details = options.isWide
    ? [node.pod, node.endpoint, node.runtime, node.template, node.files].map((value) =>
        value === null ? '-' : String(value),
      )
    : [];
  const revision = node.revision?.slice(0, SHORT_REVISION) ?? '-';
  const cells = [node.name, node.state, revision, age(node.createdAt, options.now), ...details, nodeMessage(node)];
  return [
    { state: node.state, prefix: own, cells },
    ...node.children.flatMap((child, index) =>
      nodeRows(child, indent(below, { isLast: index === node.children.length - 1, style: options.style }), options),
    ),
  ];
}

function orgMessage(tree: OrgTree): string {
  const agents = [tree.root, ...tree.detached].flatMap(flatten).filter((node) => node.state !== 'Missing');
  const ready = agents.filter((node) => node.state === 'Ready').length;
  const counts = `${ready} of ${agents.length} agents ready`;
  const name = tree.displayName === null ? '' : `Org "${tree.displayName}", `;
  return [`${name}${counts}`, ...explanation(tree)].join('; ');
}

function nodeMessage(node: TreeNode | DetachedNode): string {
  if ('detachedReason' in node) return `${node.detachedReason}: ${node.detachedMessage}`;
  const open =
    node.approval === null || node.state === 'Deleting' ? [] : [`ApprovalRequest "${node.approval}" is open`];
  return [...explanation(node), ...open].join('; ');
}

/** Nothing for what is fine. */
function explanation(standing: Standing): readonly string[] {
  return standing.state === 'Ready' ? [] : [explain(standing)];
}

function flatten(node: TreeNode): readonly TreeNode[] {
  return [node, ...node.children.flatMap(flatten)];
}

function align(rows: readonly Row[], { style, isWide }: RenderOptions): readonly string[] {
  const lines = alignRows(
    rows.map(({ state, prefix, cells }) => {
      const [name = '', ...rest] = cells.map(printable);
      return [`${prefix}${state === undefined ? '' : `${mark(state, style)} `}${name}`, ...rest];
    }),
  );
  return lines.map((line, index) => paint(isWide ? line : cut(line, style), { row: rows[index], style }));
}

/** Colours the mark and the state, after everything was measured. */
function paint(line: string, { row, style }: { readonly row: Row | undefined; readonly style: Style }): string {
  if (row?.state === undefined || !style.hasColor) return line;
  const { state, prefix } = row;
  const sign = mark(state, style);
  const rest = line.slice(prefix.length + sign.length);
  const painted = rest.replace(` ${state}`, ` ${colored(state, state, style)}`);
  return prefix + colored(sign, state, style) + painted;
}
