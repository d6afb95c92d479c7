import type { CommandIO } from '../io.ts';
import type { TableFormat } from '../options.ts';
import { CLI_API_VERSION, printStructured } from '../print-structured.ts';
import { styleOf } from '../style.ts';
import type { OrgTree, OrgTreeList } from './org-tree.ts';
import { renderTrees } from './render-tree.ts';

export interface PrintOptions {
  readonly io: CommandIO;
  readonly output: TableFormat;
  readonly isColorWanted: boolean;
  readonly now: Date;
}

/** Writes the trees in the format that was asked for. */
export function printTrees(trees: readonly OrgTree[], { io, output, isColorWanted, now }: PrintOptions): void {
  if (output === 'json' || output === 'yaml') {
    printStructured(listOf(trees), output, io.stdout);
    return;
  }
  const style = styleOf(io.stdout, { env: io.env, isColorWanted });
  const lines = renderTrees(trees, { style, now, isWide: output === 'wide' });
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function listOf(items: readonly OrgTree[]): OrgTreeList {
  return { apiVersion: CLI_API_VERSION, kind: 'OrgTreeList', items };
}
