import type { HttpTransport } from '../../src/kube/http-client.ts';
import { readText } from '../../src/kube/transport.ts';
import type { Json, JsonObject } from './rest.ts';
import type { Ask, OpenWatch, Step } from './steps.ts';

export interface Answered {
  readonly code: number;
  /** What is no JSON is a string. */
  readonly body: Json;
}

/** What a watch said so far; it grows while the watch is open. */
export interface Watched {
  readonly code: number;
  readonly events: JsonObject[];
  /** Of a watch that was refused. */
  readonly body?: Json;
  hasEnded: boolean;
}

export interface Recording {
  readonly answers: ReadonlyMap<string, Answered>;
  readonly watches: ReadonlyMap<string, Watched>;
}

/** Sends every step in order, one after the other. Watches go on until the signal. */
export async function sendSteps(
  transport: HttpTransport,
  {
    steps,
    namespace,
    signal,
  }: { readonly steps: readonly Step[]; readonly namespace: string; readonly signal: AbortSignal },
): Promise<Recording> {
  const answers = new Map<string, Answered>();
  const watches = new Map<string, Watched>();
  for (const step of steps) {
    const fill = (text: string): string => filled(text, { namespace, answers });
    if ('watch' in step) watches.set(step.name, await openWatch(transport, step, { path: fill(step.watch), signal }));
    else answers.set(step.name, await ask(transport, step, { fill, signal }));
  }
  return { answers, watches };
}

async function ask(
  transport: HttpTransport,
  { method, path, accept, contentType = '', body }: Ask,
  { fill, signal }: { readonly fill: (text: string) => string; readonly signal: AbortSignal },
): Promise<Answered> {
  const { code, text } = await transport.call({
    method,
    path: fill(path),
    signal,
    ...(accept === undefined ? {} : { accept }),
    ...(body === undefined ? {} : { body: { contentType, text: fill(JSON.stringify(body)) } }),
  });
  return { code, body: parsed(text) };
}

async function openWatch(
  transport: HttpTransport,
  { accept }: OpenWatch,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<Watched> {
  const stream = await transport.stream({ method: 'GET', path, signal, ...(accept === undefined ? {} : { accept }) });
  const { code } = stream;
  if (code !== 200) return { code, events: [], body: parsed(await readText(stream.chunks)), hasEnded: true };
  const watched: Watched = { code, events: [], hasEnded: false };
  void collect(stream.chunks, watched).catch(() => {
    watched.hasEnded = true;
  });
  return watched;
}

async function collect(chunks: AsyncIterable<Buffer>, watched: Watched): Promise<void> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) watched.events.push(JSON.parse(line) as JsonObject);
  }
  watched.hasEnded = true;
}

function filled(
  text: string,
  { namespace, answers }: { readonly namespace: string; readonly answers: ReadonlyMap<string, Answered> },
): string {
  return text.replaceAll(/\{(ns|[^{}":]+:[\w.]+)\}/g, (_all, reference: string) => {
    if (reference === 'ns') return namespace;
    const [name = '', path = ''] = reference.split(':');
    const value = path
      .split('.')
      .reduce<Json | undefined>((at, step) => (at as JsonObject | undefined)?.[step], answers.get(name)?.body);
    if (typeof value !== 'string')
      throw new Error(`Cannot fill in {${reference}}: the answer to that step has no such text`);
    return value;
  });
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text.trim();
  }
}
