import { stringify } from 'yaml';
import type { CommandIO } from '../io.ts';
import { type OrgTree, type OrgTreeList, TREE_API_VERSION } from './org-tree.ts';
import { renderTrees } from './render-tree.ts';
import { styleOf } from './style.ts';

export interface PrintOptions {
  readonly io: CommandIO;
  readonly output: 'table' | 'wide' | 'json' | 'yaml';
  readonly isColorWanted: boolean;
  readonly now: Date;
}

/** Writes the trees in the format that was asked for. */
export async function printTrees(trees: readonly OrgTree[], options: PrintOptions): Promise<void> {
  const { io, output } = options;
  switch (output) {
    case 'json':
      io.stdout.write(`${JSON.stringify(listOf(trees), null, 2)}\n`);
      return;
    case 'yaml': {
      io.stdout.write(stringify(listOf(trees)));
      return;
    }
    case 'table':
    case 'wide': {
      const style = styleOf(io, options.isColorWanted);
      const lines = renderTrees(trees, { style, now: options.now, isWide: output === 'wide' });
      io.stdout.write(lines.map((line) => `${line}\n`).join(''));
      return;
    }
    default:
      output satisfies never;
  }
}

function listOf(items: readonly OrgTree[]): OrgTreeList {
  return { apiVersion: TREE_API_VERSION, kind: 'OrgTreeList', items };
}
