import { waitFor } from '../../../hack/lib/wait.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { isAlreadyExists, isNotServed } from '../../../src/kube/errors.ts';
import type { KubeObject, Resource } from '../../../src/kube/objects.ts';

export const CONFIG_MAPS: Resource = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
/** A custom resource with a status of its own, which no built-in kind has without something else writing it. */
export const WIDGETS: Resource = {
  group: 'example.test',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

const CRDS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

interface Definition extends KubeObject {
  readonly spec: unknown;
}

const WIDGET_DEFINITION: Definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.test' },
  spec: {
    group: WIDGETS.group,
    scope: 'Namespaced',
    names: { plural: WIDGETS.plural, singular: 'widget', kind: WIDGETS.kind },
    versions: [
      {
        name: WIDGETS.version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { size: { type: 'integer' } } },
              status: { type: 'object', properties: { phase: { type: 'string' } } },
            },
          },
        },
      },
    ],
  },
};

/** Makes the kind known and waits until it is served. Several test files may do so at once. */
export async function installWidgets(client: KubeClient): Promise<void> {
  const { signal } = new AbortController();
  await client.create(CRDS, WIDGET_DEFINITION, { fieldManager: 'test', signal }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
  const isServed = async (): Promise<boolean> =>
    client.list(WIDGETS, { signal }).then(
      () => true,
      (error: unknown) => {
        if (isNotServed(error)) return false;
        throw error;
      },
    );
  await waitFor(isServed, { what: 'the kind Widget', timeoutMs: 20_000 });
}
