/**
 * The TypeScript types of our kinds, from the CRDs, which are the source of truth: `node hack/generate-types.ts [--check]`.
 * With --check nothing is written and a committed file that differs ends in exit code 1.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { acceptGenerated } from './lib/generated.ts';
import { runMain } from './lib/main.ts';
import { CHECKOUT_DIR } from './lib/paths.ts';

const CRDS = ['orgs', 'workspaces', 'templateassets', 'approvalrequests'];
const TARGET = 'src/apis/v1alpha1/types.generated.ts';
const LINE_WIDTH = 120;

const schemaNode = z.object({
  type: z.enum(['object', 'array', 'string', 'integer', 'boolean']),
  description: z.string().optional(),
  enum: z.array(z.string()).optional(),
  required: z.array(z.string()).default([]),
  get properties() {
    return z.record(z.string(), schemaNode).optional();
  },
  get items() {
    return schemaNode.optional();
  },
});
type SchemaNode = z.infer<typeof schemaNode>;

const crdSchema = z.object({
  spec: z.object({
    names: z.object({ kind: z.string() }),
    versions: z.tuple([z.object({ schema: z.object({ openAPIV3Schema: schemaNode }) })]),
  }),
});

/** Stands for the metadata of every kind; the levels below this one know no other module, so it is spelled out here. */
const HEADER = `// Generated from crds/ by hack/generate-types.ts. Change the CRDs and run \`make generate\`.

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}
`;

/** Declarations by name, in the order in which they are first needed. */
type Declarations = Map<string, string>;

/** The whole file. Throws when two schemas of one name differ, as the conditions of two kinds must not. */
export function generateTypes(crds: readonly unknown[]): string {
  const declarations: Declarations = new Map();
  for (const crd of crds) {
    const { names, versions } = crdSchema.parse(crd).spec;
    const { openAPIV3Schema: root } = versions[0].schema;
    const { metadata: _implicit, ...properties } = root.properties ?? {};
    const members = Object.entries(properties).map(([name, node]) =>
      member(name, node, {
        isRequired: name !== 'status',
        type: typeOf(node, { name: `${names.kind}${pascal(name)}`, prefix: names.kind, declarations }),
      }),
    );
    members.splice(2, 0, '  readonly metadata: ObjectMeta;\n');
    declare(declarations, names.kind, interfaceOf(names.kind, root, members));
  }
  return [HEADER, ...declarations.values()].join('\n');
}

interface Context {
  /** Of the type, should it need one. */
  readonly name: string;
  /** What the names of the types of its members begin with. */
  readonly prefix: string;
  readonly declarations: Declarations;
}

function typeOf(node: SchemaNode, context: Context): string {
  const { name, declarations } = context;
  switch (node.type) {
    case 'string':
      if (node.enum === undefined) return 'string';
      declare(declarations, name, `export type ${name} = ${node.enum.map((value) => `'${value}'`).join(' | ')};\n`);
      return name;
    case 'integer':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      if (node.items === undefined) throw new Error(`Cannot generate ${name}: the array has no items`);
      return `readonly ${typeOf(node.items, nameItem(context))}[]`;
    case 'object':
      declareInterface(node, context);
      return name;
    default:
      return node.type satisfies never;
  }
}

/** Conditions have one shape, that of metav1.Condition, and so one type. */
function nameItem(context: Context): Context {
  const name = context.name.endsWith('Conditions') ? 'Condition' : `${context.name}Item`;
  return { ...context, name, prefix: name };
}

function declareInterface(node: SchemaNode, { name, prefix, declarations }: Context): void {
  const members = Object.entries(node.properties ?? {}).map(([property, child]) => {
    const childName = `${prefix}${pascal(property)}`;
    const type = typeOf(child, { name: childName, prefix: childName, declarations });
    return member(property, child, { isRequired: node.required.includes(property), type });
  });
  declare(declarations, name, interfaceOf(name, node, members));
}

function interfaceOf(name: string, node: SchemaNode, members: readonly string[]): string {
  return `${comment(node, '')}export interface ${name} {\n${members.join('')}}\n`;
}

function member(
  name: string,
  node: SchemaNode,
  options: { readonly isRequired: boolean; readonly type: string },
): string {
  return `${comment(node, '  ')}  readonly ${name}${options.isRequired ? '' : '?'}: ${options.type};\n`;
}

function declare(declarations: Declarations, name: string, text: string): void {
  const before = declarations.get(name);
  if (before !== undefined && before !== text)
    throw new Error(`Cannot generate ${name}: two schemas of that name differ`);
  declarations.set(name, text);
}

function comment({ description }: SchemaNode, indent: string): string {
  if (description === undefined) return '';
  const single = `${indent}/** ${description} */\n`;
  if (single.length <= LINE_WIDTH) return single;
  const lines = [''];
  for (const word of description.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (`${indent} *${line} ${word}`.length > LINE_WIDTH) lines.push(` ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return `${indent}/**\n${lines.map((line) => `${indent} *${line}\n`).join('')}${indent} */\n`;
}

function pascal(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

async function main(): Promise<void> {
  const texts = await Promise.all(CRDS.map((name) => readFile(join(CHECKOUT_DIR, 'crds', `${name}.yaml`), 'utf8')));
  const content = generateTypes(texts.map((text) => parse(text)));
  await acceptGenerated({ file: TARGET, source: 'crds/', content, isCheck: process.argv.includes('--check') });
}

if (import.meta.main) await runMain(main);
