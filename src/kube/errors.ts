/** A JSON patch whose `test` fails, and a merge patch with another uid, are answered as invalid and not as a conflict. */
const FAILED_PRECONDITIONS = [
  'the server rejected our request due to an error in our request',
  'metadata.uid: Invalid value',
];

/** The apiserver answered with a failure. `message` is its own text and safe to show: it names objects and rules, no credentials. */
export class ApiError extends Error {
  /** HTTP status code. */
  readonly code: number;
  /** metav1.Status reason such as NotFound, Conflict, Expired; '' when the body was not a Status. */
  readonly reason: string;
  /** From Retry-After, where the server sent one. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    details: { readonly code: number; readonly reason?: string; readonly retryAfterMs?: number | undefined },
  ) {
    super(message);
    this.name = 'ApiError';
    this.code = details.code;
    this.reason = details.reason ?? '';
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** No answer: connection refused, reset, timed out or closed. Whether a write took effect is not known. */
export class TransportError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
  }
}

/** An ERROR event: the server gives a watch up in its midst. What it sent before may not have been everything. */
export class WatchErrorEvent extends ApiError {}

/** A line of a watch that is no event. What it was to say is not known. */
export class UnreadableEventError extends TransportError {}

/** The object is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404 && error.reason === 'NotFound';
}

/** The kind is not served, now or by this server: that says nothing about its objects, and least that they are gone. */
export function isNotServed(error: unknown): boolean {
  return error instanceof ApiError && error.code === 404 && error.reason !== 'NotFound';
}

/** 409 for an object that exists already, as opposed to one that changed meanwhile. */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof ApiError && error.code === 409 && error.reason === 'AlreadyExists';
}

/** The object is not what the call was made for: it changed or is a namesake. Nothing was written. */
export function isConflict(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.code === 409) return error.reason !== 'AlreadyExists';
  return error.code === 422 && FAILED_PRECONDITIONS.some((text) => error.message.includes(text));
}

/** The version to resume from is too old (410, also inside a watch): list again. */
export function isExpired(error: unknown): boolean {
  return error instanceof ApiError && error.code === 410;
}

/** Worth a repetition of the same call: overload, restart, or an answer that never came. Not 500: that is an answer. */
export function isRetryable(error: unknown): boolean {
  return error instanceof TransportError || (error instanceof ApiError && [429, 502, 503, 504].includes(error.code));
}
