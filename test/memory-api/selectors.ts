import type { ObjectMeta } from '../../src/kube/objects.ts';
import { badRequest } from './refusal.ts';

/** Whether an object belongs to a list or watch. */
export type Selector = (metadata: ObjectMeta) => boolean;

interface Term {
  readonly name: string;
  readonly value: string;
  readonly isEqual: boolean;
}

/** Equality terms on labels, and on metadata.name and metadata.namespace. Set-based terms are not simulated. */
export function readSelector(query: URLSearchParams, namespace: string): Selector {
  const labels = readTerms(query.get('labelSelector'));
  const fields = readTerms(query.get('fieldSelector'));
  for (const { name } of fields) {
    if (name !== 'metadata.name' && name !== 'metadata.namespace')
      throw badRequest(`field label not supported: ${name}`);
  }
  return (metadata) =>
    (namespace === '' || metadata.namespace === namespace) &&
    labels.every(({ name, value, isEqual }) => (metadata.labels?.[name] === value) === isEqual) &&
    fields.every(
      ({ name, value, isEqual }) =>
        ((name === 'metadata.name' ? metadata.name : (metadata.namespace ?? '')) === value) === isEqual,
    );
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
