import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { parse } from 'yaml';
import { generateTypes } from '../../../hack/generate-types.ts';
import { CHECKOUT_DIR } from '../../../hack/lib/paths.ts';
import { CONDITIONS } from '../../../src/apis/v1alpha1/conditions.ts';
import type { Condition, ObjectMeta, Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { Condition as DerivedCondition } from '../../../src/conditions/condition.ts';
import type { KubeObject, ObjectMeta as KubeObjectMeta } from '../../../src/kube/objects.ts';

function crd(kind: string, spec: object): object {
  const openAPIV3Schema = { type: 'object', properties: { spec, status: { type: 'object', properties: {} } } };
  return { spec: { names: { kind }, versions: [{ schema: { openAPIV3Schema } }] } };
}

describe('the types of our kinds', () => {
  it('are those of the CRDs', async () => {
    const texts = ['orgs', 'workspaces', 'templateassets', 'approvalrequests'].map((name) =>
      readFile(join(CHECKOUT_DIR, 'crds', `${name}.yaml`), 'utf8'),
    );
    const committed = await readFile(join(CHECKOUT_DIR, 'src/apis/v1alpha1/types.generated.ts'), 'utf8');
    expect(generateTypes((await Promise.all(texts)).map((text) => parse(text)))).toBe(committed);
  });

  it('fit where any object fits', () => {
    expectTypeOf<Org>().toExtend<KubeObject>();
    expectTypeOf<Workspace>().toExtend<KubeObject>();
    expectTypeOf<ObjectMeta>().toEqualTypeOf<KubeObjectMeta>();
    expectTypeOf<Condition>().toEqualTypeOf<DerivedCondition>();
    expect(CONDITIONS.ready).toBe('Ready');
  });
});

describe('generateTypes', () => {
  it('turns each form of schema into its type', () => {
    const properties = {
      name: { type: 'string', description: 'What it is called.' },
      size: { type: 'integer' },
      isOn: { type: 'boolean' },
      mode: { type: 'string', enum: ['a', 'b'] },
      tags: { type: 'array', items: { type: 'string' } },
      parts: { type: 'array', items: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } } },
    };
    const text = generateTypes([crd('Thing', { type: 'object', required: ['name'], properties })]);
    expect(text).toContain(`export interface ThingSpec {
  /** What it is called. */
  readonly name: string;
  readonly size?: number;
  readonly isOn?: boolean;
  readonly mode?: ThingMode;
  readonly tags?: readonly string[];
  readonly parts?: readonly ThingPartsItem[];
}
`);
    expect(text).toContain("export type ThingMode = 'a' | 'b';\n");
    expect(text).toContain('export interface ThingPartsItem {\n  readonly id: string;\n}\n');
    expect(text).toContain('  readonly metadata: ObjectMeta;\n');
  });

  it('wraps a long description', () => {
    const description = 'word '.repeat(40).trim();
    const text = generateTypes([crd('Thing', { type: 'object', description, properties: {} })]);
    const lines = text.split('\n').filter((line) => line.startsWith(' * word'));
    expect(lines.length).toBe(2);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it('refuses two schemas of one name', () => {
    const properties = {
      a: { type: 'object', properties: { bC: { type: 'string', enum: ['x'] } } },
      aB: { type: 'object', properties: { c: { type: 'string', enum: ['y'] } } },
    };
    expect(() => generateTypes([crd('Thing', { type: 'object', properties })])).toThrow(
      'Cannot generate ThingABC: two schemas of that name differ',
    );
  });

  it('refuses what it does not know', () => {
    expect(() => generateTypes([crd('Thing', { type: 'number' })])).toThrow('Invalid option');
  });
});
