import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { RUNTIME_CATALOG } from '../../../src/apis/v1alpha1/names.ts';
import { observeCatalog, runtimeCatalog } from '../../../src/controllers/runtime-catalog.ts';
import { MANIFEST_RUNTIMES } from '../../../src/rules/runtime.ts';
import { fakeStore } from '../../builders/fake-store.ts';

const configMap = (fields: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'molecule-runtimes', namespace: 'molecule-system' },
  ...fields,
});

describe('the runtime catalog', () => {
  it.each([
    ['every key with an image', { data: { codex: 'a:1', hermes: 'b:1' } }, { codex: 'a:1', hermes: 'b:1' }],
    [
      'no entry for what is no image',
      { data: { codex: 'a:1', hermes: '', kimi: 'two words', x: 'y\n' } },
      { codex: 'a:1' },
    ],
    ['nothing without data', { binaryData: { codex: 'YTox' } }, {}],
  ])('has %s', (_name, fields, images) => {
    const store = fakeStore([observeCatalog(configMap(fields))]);
    expect(Object.fromEntries(runtimeCatalog(store))).toEqual(images);
  });

  it('is empty without its ConfigMap (TA-4)', () => {
    expect(runtimeCatalog(fakeStore([])).size).toBe(0);
  });

  it('is shipped with an image for each runtime whose template comes with the platform', () => {
    const shipped = observeCatalog(parse(readFileSync('manifests/catalog/runtime-catalog.yaml', 'utf8')));
    expect(shipped.metadata.name).toBe(RUNTIME_CATALOG);
    expect([...shipped.images]).toEqual(
      MANIFEST_RUNTIMES.map((runtime) => [runtime, `registry.example.com/workspace-template-${runtime}:latest`]),
    );
  });
});
