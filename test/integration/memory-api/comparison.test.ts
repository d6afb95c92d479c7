import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import {
  NETWORK_POLICIES,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  SERVICE_ACCOUNTS,
} from '../../../src/apis/v1alpha1/resources.ts';
import { loadCredentials } from '../../../src/kube/credentials.ts';
import { HttpKubeClient } from '../../../src/kube/http-client.ts';
import { Transport } from '../../../src/kube/transport.ts';
import { createSystemClock } from '../../../src/platform/clock.ts';
import { createNormaliser, versionsOf } from '../../memory-api/comparable.ts';
import { MemoryApi } from '../../memory-api/memory-api.ts';
import { createMemoryTransport } from '../../memory-api/memory-transport.ts';
import { STEPS } from '../../memory-api/request-list.ts';
import type { Json } from '../../memory-api/rest.ts';
import { type Recording, sendSteps } from '../../memory-api/send-steps.ts';
import { adminKubeconfig, createNamespace } from '../../support/control-plane.ts';
import { CONFIG_MAPS, installWidgets, WIDGETS } from '../runtime/widgets.ts';

const QUIET_MS = 20_000;
const clock = createSystemClock();
const stop = new AbortController();
const transport = new Transport({
  credentials: loadCredentials({ kubeconfig: adminKubeconfig() }),
  clock,
  userAgent: 'test',
});

let real: Comparable;
let memory: Comparable;

interface Comparable {
  readonly answers: Readonly<Record<string, Json>>;
  readonly watches: Readonly<Record<string, Json>>;
}

beforeAll(async () => {
  const client = new HttpKubeClient(transport, { clock, random: Math.random });
  await installWidgets(client);
  const namespace = await createNamespace();
  const inMemory = await askMemory(namespace);
  const asked = await sendSteps(transport, { steps: STEPS, namespace, signal: stop.signal });
  await waitFor(async () => hasSaidAsMuch(asked, inMemory), { what: 'the watches', timeoutMs: QUIET_MS }).catch(
    () => undefined,
  );
  real = comparable(asked);
  memory = comparable(inMemory);
});
afterAll(() => {
  stop.abort();
  transport.close();
});

async function askMemory(namespace: string): Promise<Recording> {
  const kinds = [WIDGETS, CONFIG_MAPS, PODS, PERSISTENT_VOLUME_CLAIMS, SERVICE_ACCOUNTS, NETWORK_POLICIES];
  const { now, schedule } = clock;
  const api = new MemoryApi({ now, newUID: randomUUID, kinds, schedule });
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  api.handle({ method: 'POST', path: '/api/v1/namespaces', contentType: 'application/json', body });
  const recording = await sendSteps(createMemoryTransport(api), { steps: STEPS, namespace, signal: stop.signal });
  await waitFor(async () => recording.watches.get('with an end')?.hasEnded === true, {
    what: 'the end of a watch',
    timeoutMs: QUIET_MS,
  });
  return recording;
}

function hasSaidAsMuch(asked: Recording, inMemory: Recording): boolean {
  return [...inMemory.watches].every(([name, { events, hasEnded }]) => {
    const watched = asked.watches.get(name);
    return watched?.hasEnded === hasEnded && told(watched.events).length >= told(events).length;
  });
}

function told(events: readonly Json[]): readonly Json[] {
  return events.filter((event) => !isPassingBookmark(event));
}

/** Bookmarks come when the server thinks fit, but for the one that ends the first state. */
function isPassingBookmark(event: Json): boolean {
  return (
    JSON.stringify(event).startsWith('{"type":"BOOKMARK"') && !JSON.stringify(event).includes('initial-events-end')
  );
}

function comparable({ answers, watches }: Recording): Comparable {
  const told_ = [...watches].map(([name, { code, events, body = null, hasEnded }]) => {
    return [name, { code, body, hasEnded, events: told(events) }] as const;
  });
  const everything = [...[...answers].map(([, { body }]) => body), ...told_.flatMap(([, { events }]) => events)];
  const normalise = createNormaliser(everything.flatMap(versionsOf));
  return {
    answers: Object.fromEntries([...answers].map(([name, answer]) => [name, normalise({ ...answer })])),
    watches: Object.fromEntries(told_.map(([name, watched]) => [name, normalise({ ...watched })])),
  };
}

describe('the memory API answers as the apiserver does', () => {
  it.for(STEPS.flatMap((step) => ('watch' in step ? [] : [step.name])))('to %s', (name) => {
    expect(memory.answers[name]).toEqual(real.answers[name]);
  });

  it.for(STEPS.flatMap((step) => ('watch' in step ? [step.name] : [])))('to a watch: %s', (name) => {
    expect(memory.watches[name]).toEqual(real.watches[name]);
  });
});
