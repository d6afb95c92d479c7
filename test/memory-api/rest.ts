import { canonicalJson } from '../../src/platform/digest.ts';

/** Requests and answers of the Kubernetes API as data, so that one list of them can be sent to any server. */

export interface ApiRequest {
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly contentType?: string;
  readonly accept?: string;
  readonly body?: string;
}

export interface ApiResponse {
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A watch that was opened. */
export interface ApiWatch {
  /** Complete JSON lines, each `{"type","object"}\n`. Ends when closed, by timeoutSeconds, or after an ERROR event. */
  readonly lines: AsyncIterable<string>;
  close(): void;
}

export function isWatch(answer: ApiResponse | ApiWatch): answer is ApiWatch {
  return 'lines' in answer;
}

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isSameJson(a: unknown, b: unknown): boolean {
  return canonicalJson(a ?? null) === canonicalJson(b ?? null);
}
