import type { KubeObject, Resource } from '../../src/kube/objects.ts';
import { badRequest } from './refusal.ts';

/** Whether an object belongs to a list or watch. */
export type Selector = (object: KubeObject) => boolean;

/** What a CRD of ours lists as selectableFields, as far as anybody selects by it. */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = { Workspace: ['spec.parentRef.name'] };

interface Selected {
  readonly resource: Resource;
  readonly namespace: string;
}

const BY_NAME = ['metadata.name', 'metadata.namespace'];

interface Term {
  readonly name: string;
  readonly value: string;
  readonly isEqual: boolean;
}

/** Equality terms on labels, on metadata.name and metadata.namespace, and on the fields above. Set-based terms are not simulated. */
export function readSelector(query: URLSearchParams, { resource, namespace }: Selected): Selector {
  const labels = readTerms(query.get('labelSelector'));
  const fields = readTerms(query.get('fieldSelector'));
  for (const { name } of fields) {
    if (![...BY_NAME, ...(SELECTABLE[resource.kind] ?? [])].includes(name))
      throw badRequest(`field label not supported: ${name}`);
  }
  return (object) =>
    (namespace === '' || object.metadata.namespace === namespace) &&
    labels.every(({ name, value, isEqual }) => (object.metadata.labels?.[name] === value) === isEqual) &&
    fields.every(({ name, value, isEqual }) => (fieldOf(object, name) === value) === isEqual);
}

/** The member at a path; one that is not there counts as empty. */
function fieldOf(object: KubeObject, path: string): unknown {
  const member = (value: unknown, name: string): unknown =>
    (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  return path.split('.').reduce(member, object) ?? '';
}

function readTerms(text: string | null): readonly Term[] {
  if (text === null || text === '') return [];
  return text.split(',').map((term) => {
    const match = /^([^=!\s]+)(==?|!=)([^=!\s]*)$/.exec(term);
    if (match === null) throw new Error(`The memory API does not know selectors such as "${term}"`);
    const [, name = '', operator, value = ''] = match;
    return { name, value, isEqual: operator !== '!=' };
  });
}
