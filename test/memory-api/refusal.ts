import type { Resource } from '../../src/kube/objects.ts';
import type { ApiResponse, JsonObject } from './rest.ts';

/** A request that the server says no to; its answer is complete. */
export class Refusal extends Error {
  readonly response: ApiResponse;

  constructor(response: ApiResponse) {
    super(response.text);
    this.response = response;
  }
}

interface Failure {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: JsonObject;
}

export function failureStatus({ code, reason, message, details }: Failure): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  };
}

export function answer(code: number, body: JsonObject): ApiResponse {
  return { code, headers: { 'content-type': 'application/json' }, text: JSON.stringify(body) };
}

function refusal(failure: Failure): Refusal {
  return new Refusal(answer(failure.code, failureStatus(failure)));
}

/** `widgets.example.test "w"`, as the server names objects in its sentences. */
function quoted(resource: Resource, name: string): string {
  return `${qualified(resource)} "${name}"`;
}

function qualified({ plural, group }: Resource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** Failures of validation name the kind, all others the plural. */
function detailsOf({ group }: Resource, name: string, kind: string): JsonObject {
  return { name, ...(group === '' ? {} : { group }), kind };
}

export function notServed(): Refusal {
  return new Refusal({ code: 404, headers: { 'content-type': 'text/plain' }, text: '404 page not found\n' });
}

export function notFound(resource: Resource, name: string): Refusal {
  const message = `${quoted(resource, name)} not found`;
  return refusal({ code: 404, reason: 'NotFound', message, details: detailsOf(resource, name, resource.plural) });
}

export function alreadyExists(resource: Resource, name: string, isTerminating: boolean): Refusal {
  const message = `${isTerminating ? 'object is being deleted: ' : ''}${quoted(resource, name)} already exists`;
  return refusal({ code: 409, reason: 'AlreadyExists', message, details: detailsOf(resource, name, resource.plural) });
}

export function conflict(resource: Resource, name: string, why: string): Refusal {
  const message = `Operation cannot be fulfilled on ${quoted(resource, name)}: ${why}`;
  return refusal({ code: 409, reason: 'Conflict', message, details: detailsOf(resource, name, resource.plural) });
}

/** A precondition of a DELETE that does not hold; these name the kind. */
export function preconditionFailed(
  resource: Resource,
  name: string,
  { what, wanted, found, why }: Readonly<Record<'what' | 'wanted' | 'found' | 'why', string>>,
): Refusal {
  const { kind } = resource;
  const difference = `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${found}). ${why}`;
  const message = `Operation cannot be fulfilled on ${quoted({ ...resource, plural: kind }, name)}: ${difference}`;
  return refusal({ code: 409, reason: 'Conflict', message, details: detailsOf(resource, name, kind) });
}

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export function invalid(
  resource: Resource,
  name: string,
  cause: { readonly reason: string; readonly message: string; readonly field: string },
): Refusal {
  const { kind, group } = resource;
  const message = `${group === '' ? kind : `${kind}.${group}`} "${name}" is invalid: ${cause.field}: ${cause.message}`;
  // What is wrong with metadata is found twice: for every kind, and by the kind's own strategy.
  const details = { ...detailsOf(resource, name, kind), causes: [{ ...cause }, { ...cause }] };
  return refusal({ code: 422, reason: 'Invalid', message, details });
}

/** How a JSON patch fails whose test does not hold or whose path does not exist. */
export function patchFailed(): Refusal {
  const message = 'the server rejected our request due to an error in our request';
  return refusal({ code: 422, reason: 'Invalid', message, details: {} });
}

export function badRequest(message: string): Refusal {
  return refusal({ code: 400, reason: 'BadRequest', message });
}

export function namespaceTerminating(resource: Resource, name: string, namespace: string): Refusal {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  return refusal({
    code: 403,
    reason: 'Forbidden',
    message: `${quoted(resource, name)} is forbidden: ${why}`,
    details: { ...detailsOf(resource, name, resource.plural), causes: [cause] },
  });
}

export function expiredStatus(message: string): JsonObject {
  return failureStatus({ code: 410, reason: 'Expired', message });
}

export function expired(message: string): Refusal {
  return new Refusal(answer(410, expiredStatus(message)));
}
