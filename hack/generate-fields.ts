/**
 * The tables of fields in docs/{org,workspace,template-asset,approval-request}.md from the CRDs: `node hack/generate-fields.ts [--check]`.
 * Only what stands between the two marks of a page is generated.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { acceptGenerated } from './lib/generated.ts';
import { runMain } from './lib/main.ts';
import { CHECKOUT_DIR } from './lib/paths.ts';

const PAGES = [
  ['docs/org.md', 'crds/orgs.yaml'],
  ['docs/workspace.md', 'crds/workspaces.yaml'],
  ['docs/template-asset.md', 'crds/templateassets.yaml'],
  ['docs/approval-request.md', 'crds/approvalrequests.yaml'],
] as const;
const BEGIN = '<!-- fields: generated, run `make generate` -->';
const END = '<!-- /fields -->';

interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

interface Definition {
  readonly spec: {
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: SchemaNode } }[];
  };
}

/** One row per field of spec and status, depth first in the order of the schema. */
export function fieldRows(schema: SchemaNode): readonly string[] {
  return (['spec', 'status'] as const).flatMap((part) => rowsBelow(schema.properties?.[part] ?? {}, part));
}

function rowsBelow(node: SchemaNode, path: string): readonly string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const isRequired = node.required?.includes(name) === true;
    const below = child.type === 'array' ? (child.items ?? {}) : child;
    const childPath = `${path}.${name}${child.type === 'array' ? '[]' : ''}`;
    return [row(childPath, child, isRequired), ...rowsBelow(below, childPath)];
  });
}

function row(path: string, node: SchemaNode, isRequired: boolean): string {
  const facts = [
    node.enum === undefined ? undefined : `One of ${node.enum.map((value) => `\`${String(value)}\``).join(', ')}.`,
    node.default === undefined ? undefined : `Default \`${JSON.stringify(node.default)}\`.`,
    isRequired ? 'Required.' : undefined,
  ];
  const text = [node.description, ...facts].filter((part) => part !== undefined).join(' ');
  return `| \`${path}\` | ${node.type ?? ''} | ${text.replaceAll('|', '\\|')} |`;
}

async function main(): Promise<void> {
  for (const [page, crd] of PAGES) {
    const [text, definition] = await Promise.all([page, crd].map((file) => readFile(join(CHECKOUT_DIR, file), 'utf8')));
    const { spec } = parse(definition ?? '') as Definition;
    const [before, rest] = (text ?? '').split(BEGIN);
    const after = rest?.split(END)[1];
    if (before === undefined || after === undefined) throw new Error(`Cannot fill in ${page}: its marks are missing`);
    const rows = fieldRows(spec.versions[0]?.schema.openAPIV3Schema ?? {});
    const table = ['| field | type | |', '|---|---|---|', ...rows].join('\n');
    await acceptGenerated({
      file: page,
      source: crd,
      content: `${before}${BEGIN}\n\n${table}\n\n${END}${after}`,
      isCheck: process.argv.includes('--check'),
    });
  }
}

if (import.meta.main) await runMain(main);
