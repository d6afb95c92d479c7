import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CHECKOUT_DIR } from '../../../hack/lib/paths.ts';
import { GROUP, VERSION } from '../../../src/apis/v1alpha1/names.ts';
import { APPROVAL_REQUESTS, ORGS, TEMPLATE_ASSETS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';

interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message?: string }[];
}

const KINDS = [
  [ORGS, ['org']],
  [WORKSPACES, ['ws']],
  [TEMPLATE_ASSETS, ['ta']],
  [APPROVAL_REQUESTS, ['apr']],
] as const;

function readCrd(plural: string) {
  return parse(readFileSync(join(CHECKOUT_DIR, 'crds', `${plural}.yaml`), 'utf8')).spec;
}

/** Every schema below the root with its path; metadata is the apiserver's own. */
function walk(schema: Schema, path = ''): readonly (readonly [string, Schema])[] {
  const children = Object.entries(schema.properties ?? {}).map(([name, child]) => [`${path}.${name}`, child] as const);
  const items = schema.items === undefined ? [] : [[`${path}[]`, schema.items] as const];
  return [
    [path, schema],
    ...[...children, ...items].filter(([at]) => at !== '.metadata').flatMap(([at, child]) => walk(child, at)),
  ];
}

function pathsWhere(root: Schema, isBad: (schema: Schema) => boolean): readonly string[] {
  return walk(root)
    .filter(([, schema]) => isBad(schema))
    .map(([path]) => path);
}

describe.each(KINDS)('the CRD of $kind', (resource, shortNames) => {
  const { group, scope, names, versions } = readCrd(resource.plural);
  const [version] = versions;
  const root: Schema = version.schema.openAPIV3Schema;

  it('is what the code asks for', () => {
    expect({ group, scope, plural: names.plural, kind: names.kind, version: version.name }).toEqual({
      group: GROUP,
      scope: resource.namespaced ? 'Namespaced' : 'Cluster',
      plural: resource.plural,
      kind: resource.kind,
      version: VERSION,
    });
  });

  it('has a short name, is listed with all of ours and keeps status apart', () => {
    expect(names).toMatchObject({ shortNames, categories: ['molecule'] });
    expect(version.subresources).toEqual({ status: {} });
  });

  it('describes every field in whole sentences', () => {
    expect(pathsWhere(root, ({ description }) => !/^[A-Za-z].+\.$/s.test(description ?? ''))).toEqual([]);
  });

  it('bounds every text and every list', () => {
    const own = { ...root, properties: { spec: root.properties?.spec ?? {}, status: root.properties?.status ?? {} } };
    const isUnbounded = ({ type, format, enum: values, maxLength, maxItems }: Schema): boolean =>
      (type === 'string' && maxLength === undefined && values === undefined && format !== 'date-time') ||
      (type === 'array' && maxItems === undefined);
    expect(pathsWhere(own, isUnbounded)).toEqual([]);
  });

  it('says of every list how two writers share it', () => {
    expect(
      pathsWhere(root, (schema) => schema.type === 'array' && schema['x-kubernetes-list-type'] === undefined),
    ).toEqual([]);
  });

  it('says with every rule what cannot be done and what to do', () => {
    const messages = walk(root).flatMap(([, schema]) => schema['x-kubernetes-validations'] ?? []);
    expect(messages.filter(({ message }) => !/^Cannot [^:]+: .+[;,.:].+\.$/s.test(message ?? ''))).toEqual([]);
  });

  it('defaults nothing in status but that nothing was observed yet', () => {
    const { default: initial, ...status } = root.properties?.status ?? {};
    expect(initial).toEqual({ observedGeneration: -1 });
    expect(pathsWhere(status, (schema) => schema.default !== undefined)).toEqual([]);
  });

  it('has the conditions, generation and request of every kind', () => {
    const { conditions, observedGeneration, lastHandledReconcileAt } = root.properties?.status?.properties ?? {};
    const org: Schema = readCrd(ORGS.plural).versions[0].schema.openAPIV3Schema;
    const expected = org.properties?.status?.properties ?? {};
    expect({ conditions, observedGeneration, lastHandledReconcileAt }).toEqual({
      conditions: expected.conditions,
      observedGeneration: expected.observedGeneration,
      lastHandledReconcileAt: expected.lastHandledReconcileAt,
    });
    expect(conditions).toMatchObject({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] });
  });
});
