import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CHECKOUT_DIR } from '../../../hack/lib/paths.ts';
import { createNamespace } from '../../support/control-plane.ts';
import { OPERATOR, tryToCreate } from './requests.ts';

/** What of a schema is looked at here. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Bound {
  readonly has: (schema: Schema) => boolean;
  /** A value just beyond. */
  readonly beyond: (schema: Schema) => unknown;
  readonly says: (path: string, schema: Schema) => string;
}

const BOUNDS: Readonly<Record<string, Bound>> = {
  'a value that is not in the list': {
    has: (schema) => schema.enum !== undefined,
    beyond: () => 'nonsense',
    says: (path, schema) =>
      `${path}: Unsupported value: "nonsense": supported values: ${schema.enum?.map((value) => `"${value}"`).join(', ')}`,
  },
  'a text that is too long': {
    has: (schema) => schema.maxLength !== undefined,
    beyond: (schema) => 'a'.repeat((schema.maxLength ?? 0) + 1),
    says: (path, schema) => `${path}: Too long: may not be more than ${schema.maxLength} bytes`,
  },
  'a text that is too short': {
    has: (schema) => schema.minLength !== undefined,
    beyond: (schema) => 'a'.repeat((schema.minLength ?? 0) - 1),
    says: (path, schema) => `${path} in body should be at least ${schema.minLength} chars long`,
  },
  'a text of another form': {
    has: (schema) => schema.pattern !== undefined,
    beyond: (schema) => '\n'.repeat(schema.minLength ?? 1),
    says: (path, schema) => `${path} in body should match '${schema.pattern}'`,
  },
  'a number that is too small': {
    has: (schema) => schema.minimum !== undefined,
    beyond: (schema) => (schema.minimum ?? 0) - 1,
    says: (path, schema) => `${path} in body should be greater than or equal to ${schema.minimum}`,
  },
  'a number that is too large': {
    has: (schema) => schema.maximum !== undefined,
    beyond: (schema) => (schema.maximum ?? 0) + 1,
    says: (path, schema) => `${path} in body should be less than or equal to ${schema.maximum}`,
  },
};

/** The object that goes beyond one bound wherever there is one, and the paths at which it does. */
function goBeyond(
  schema: Schema,
  bound: Bound,
  path = 'spec',
): { readonly value: unknown; readonly paths: readonly [string, Schema][] } {
  if (schema.properties !== undefined) {
    const members = Object.entries(schema.properties).map(
      ([name, child]) => [name, goBeyond(child, bound, `${path}.${name}`)] as const,
    );
    const hit = members.filter(([, { paths }]) => paths.length > 0);
    return {
      value: Object.fromEntries(hit.map(([name, { value }]) => [name, value])),
      paths: hit.flatMap(([, { paths }]) => paths),
    };
  }
  if (schema.items !== undefined) {
    const item = goBeyond(schema.items, bound, `${path}[0]`);
    return { value: [item.value], paths: item.paths };
  }
  return bound.has(schema) ? { value: bound.beyond(schema), paths: [[path, schema]] } : { value: undefined, paths: [] };
}

const KINDS = [
  ['Org', 'orgs.yaml', 'org'],
  ['Workspace', 'workspaces.yaml', 'a'],
  ['TemplateAsset', 'templateassets.yaml', 'a'],
  ['ApprovalRequest', 'approvalrequests.yaml', 'a'],
] as const;

const CASES = KINDS.flatMap(([kind, file, name]) => {
  const crd = parse(readFileSync(join(CHECKOUT_DIR, 'crds', file), 'utf8'));
  const schema: Schema = crd.spec.versions[0].schema.openAPIV3Schema.properties.spec;
  return Object.entries(BOUNDS).flatMap(([what, bound]) => {
    const { value, paths } = goBeyond(schema, bound);
    const expected = paths.map(([path, field]) => bound.says(path, field));
    return expected.length === 0 ? [] : [{ kind, what, name, spec: Object(value), expected }];
  });
});

let namespace: string;
beforeAll(async () => {
  namespace = await createNamespace('bounds');
});

// As the operator, for whom nothing is filled in and to whom no policy objects.
describe('the apiserver', () => {
  it.each(CASES)(
    'refuses $what in every such field of $kind, and says what is allowed',
    async ({ kind, name, spec, expected }) => {
      const refusal = await tryToCreate({ kind, name, spec }, { namespace, ...OPERATOR });
      expect(expected.filter((text) => !refusal.includes(text))).toEqual([]);
    },
  );
});
