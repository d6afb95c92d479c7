import type { JsonObject } from './rest.ts';

/** How the list of requests is written: one line for each. */
export type Step = Ask | OpenWatch;

export interface Ask {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly body?: unknown;
}

export interface OpenWatch {
  readonly name: string;
  readonly watch: string;
  readonly accept?: string;
}

const MANAGER = 'fieldManager=one';

export const get = (name: string, path: string, accept?: string): Ask => ({
  name,
  method: 'GET',
  path,
  ...(accept === undefined ? {} : { accept }),
});
export const create = (
  name: string,
  collection: string,
  body: unknown,
  options: { readonly dryRun?: 'All' } = {},
): Ask => ({
  name,
  method: 'POST',
  path: `${collection}?${MANAGER}${options.dryRun === undefined ? '' : '&dryRun=All'}`,
  contentType: 'application/json',
  body,
});
const patch =
  (type: string) =>
  (name: string, path: string, body: unknown, manager = MANAGER): Ask => ({
    name,
    method: 'PATCH',
    path: `${path}?${manager}`,
    contentType: `application/${type}`,
    body,
  });
export const merge = patch('merge-patch+json');
export const json = patch('json-patch+json');
export const apply = (name: string, path: string, body: unknown, manager = 'applier'): Ask =>
  patch('apply-patch+yaml')(name, path, body, `fieldManager=${manager}&force=true`);
export const remove = (name: string, path: string, body?: JsonObject): Ask => ({
  name,
  method: 'DELETE',
  path,
  ...(body === undefined
    ? {}
    : { contentType: 'application/json', body: { apiVersion: 'v1', kind: 'DeleteOptions', ...body } }),
});
