import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeServingPair, type ServingPair } from '../../../src/admission/certificate.ts';
import { CertificateKeeper, WEBHOOK_SECRET } from '../../../src/admission/certificate-keeper.ts';
import {
  hostsOf,
  targetOf,
  WEBHOOK_CONFIGURATIONS,
  WEBHOOK_NAME,
} from '../../../src/admission/webhook-configuration.ts';
import { OPERATOR_NAMESPACE } from '../../../src/apis/v1alpha1/names.ts';
import { SECRETS } from '../../../src/apis/v1alpha1/resources.ts';
import { HttpKubeClient } from '../../../src/kube/http-client.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { ALONE, type Leadership } from '../../../src/runtime/leader-election.ts';
import { NAMESPACES } from '../../memory-api/kinds.ts';
import { MemoryApi } from '../../memory-api/memory-api.ts';
import { createMemoryTransport } from '../../memory-api/memory-transport.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const WRITE = { fieldManager: 'test', signal: new AbortController().signal };
const SECRET_KEY = { namespace: OPERATOR_NAMESPACE, name: WEBHOOK_SECRET };
const CONFIGURATION_KEY = { namespace: '', name: WEBHOOK_NAME };
const SERVICE_TARGET = targetOf(undefined, OPERATOR_NAMESPACE);
const CONFIGURATION = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: WEBHOOK_CONFIGURATIONS.kind,
  metadata: { name: WEBHOOK_NAME },
  webhooks: [
    { name: 'of-somebody-else.example.com', clientConfig: { url: 'https://example.com' } },
    { name: WEBHOOK_NAME, clientConfig: { ...SERVICE_TARGET } },
  ],
};

/** It never leads. */
const STANDBY: Leadership = { gained: new Promise(() => undefined), isLeader: () => false };

type Secret = KubeObject & { readonly data: Readonly<Record<string, string>> };

let clock: VirtualClock;
let api: MemoryApi;
let client: HttpKubeClient;
let running = 0;
/** How much later it is than the clock says: days are jumped over, not lived through in steps of 20 s. */
let laterMs = 0;
let stop: AbortController;
let lines: string[];

beforeEach(async () => {
  // Making a key takes real time: each keeper is done when it sleeps again.
  clock = new VirtualClock(() => vi.waitFor(() => expect(clock.timers).toBe(running), { interval: 1, timeout: 5_000 }));
  let uids = 0;
  api = new MemoryApi({
    now: () => clock.now(),
    newUID: () => {
      uids += 1;
      return `uid-${uids}`;
    },
    kinds: [SECRETS, WEBHOOK_CONFIGURATIONS],
  });
  client = new HttpKubeClient(createMemoryTransport(api), { clock, random: () => 0 });
  await client.create(
    NAMESPACES,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: OPERATOR_NAMESPACE } },
    WRITE,
  );
  await client.create(WEBHOOK_CONFIGURATIONS, CONFIGURATION, WRITE);
  stop = new AbortController();
  running = 0;
  laterMs = 0;
  lines = [];
});
afterEach(() => stop.abort());

/** Returns the pairs that it has served with, in order. */
async function startKeeper(options: { readonly leadership?: Leadership; readonly url?: string } = {}) {
  const served: ServingPair[] = [];
  const keeper = new CertificateKeeper({
    client,
    clock: {
      now: () => new Date(clock.now().getTime() + laterMs),
      monotonicMs: () => clock.monotonicMs(),
      schedule: (ms, callback) => clock.schedule(ms, callback),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    },
    log: createLogger({ name: 'test', level: 'warn', destination: { write: (line: string) => void lines.push(line) } }),
    target: targetOf(options.url, OPERATOR_NAMESPACE),
    leadership: options.leadership ?? ALONE,
    onPair: (pair) => served.push(pair),
  });
  running += 1;
  void keeper.run(stop.signal);
  await clock.advance(0);
  return served;
}

async function passDays(days: number): Promise<void> {
  laterMs += days * DAY_MS;
  await clock.advance(20_000);
}

async function readClientConfig(): Promise<{
  readonly caBundle?: string;
  readonly url?: string;
  readonly service?: object;
}> {
  const { webhooks } = await client.get<typeof CONFIGURATION>(WEBHOOK_CONFIGURATIONS, CONFIGURATION_KEY, WRITE);
  return webhooks[1]?.clientConfig ?? {};
}

async function readTrusted(): Promise<readonly string[]> {
  const bundle = Buffer.from((await readClientConfig()).caBundle ?? '', 'base64').toString();
  return (bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(fingerprint);
}

function fingerprint(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256;
}

function latest(served: readonly ServingPair[]): string {
  return fingerprint(served.at(-1)?.certificate ?? '');
}

const readSecret = (): Promise<Secret> => client.get<Secret>(SECRETS, SECRET_KEY, WRITE);

/** Bodies are not compared, only how many there were. */
function writes(): number {
  return api.requests.filter(({ method }) => method !== 'GET').length;
}

describe('the certificate of the webhook', () => {
  it('is made at the start, stored, trusted and served, for the name of the Service', async () => {
    const served = await startKeeper();
    expect(served).toHaveLength(1);
    const certificate = new X509Certificate(served[0]?.certificate ?? '');
    expect(certificate.checkHost('molecule-operator-webhook.molecule-system.svc')).toBeDefined();
    expect(await readTrusted()).toEqual([certificate.fingerprint256]);
    const { data } = await readSecret();
    expect(Buffer.from(data['tls.crt'] ?? '', 'base64').toString()).toBe(served[0]?.certificate);
    expect(await readClientConfig()).toMatchObject(SERVICE_TARGET);
  });

  it('costs no write while it is good', async () => {
    await startKeeper();
    const before = writes();
    await clock.advance(10 * 60_000);
    expect(writes()).toBe(before);
  });

  it('is the same after a restart', async () => {
    const first = await startKeeper();
    const again = await startKeeper();
    expect(latest(again)).toBe(latest(first));
  });

  it('is renewed when two thirds of its 90 days are over, and both are trusted until the first is over', async () => {
    const served = await startKeeper();
    const first = latest(served);
    await passDays(59);
    expect(served).toHaveLength(1);
    await passDays(2);
    expect(await readTrusted()).toEqual([expect.any(String), first]);
    expect(served).toHaveLength(1);
    await clock.advance(20_000);
    expect(served).toHaveLength(2);
    expect(await readTrusted()).toEqual([latest(served), first]);
    await passDays(61);
    await clock.advance(20_000);
    expect(served).toHaveLength(3);
    expect(await readTrusted()).not.toContain(first);
  });

  it('is taken over by replicas that do not lead, which write nothing', async () => {
    const standby = await startKeeper({ leadership: STANDBY });
    expect(standby).toEqual([]);
    const leader = await startKeeper();
    const before = writes();
    await clock.advance(20_000);
    expect(latest(standby)).toBe(latest(leader));
    expect(writes()).toBe(before);
  });

  it('is made as soon as its keeper comes to lead', async () => {
    const { promise: gained, resolve } = Promise.withResolvers<void>();
    let isLeader = false;
    const served = await startKeeper({ leadership: { gained, isLeader: () => isLeader } });
    expect(served).toEqual([]);
    isLeader = true;
    resolve();
    await vi.waitFor(() => expect(served).toHaveLength(1));
  });

  it('is trusted before it is stored', async () => {
    await startKeeper();
    const written = api.requests.filter(({ method }) => method === 'PATCH').map(({ path }) => path.split('?')[0]);
    expect(written).toEqual([
      `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${WEBHOOK_NAME}`,
      `/api/v1/namespaces/${OPERATOR_NAMESPACE}/secrets/${WEBHOOK_SECRET}`,
    ]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a lost Secret', () => client.delete(SECRETS, SECRET_KEY, WRITE)],
    ['an emptied Secret', () => patchSecret({ 'tls.crt': null, 'tls.key': null, 'ca.crt': null })],
    ['a certificate that is none', () => patchSecret({ 'tls.crt': encode('nonsense') })],
    ['a key that is none', () => patchSecret({ 'tls.key': encode('nonsense') })],
    ['a bundle that is none', () => patchSecret({ 'ca.crt': encode('nonsense') })],
    ['the key of another', async () => patchSecret({ 'tls.key': encode((await otherPair()).key) })],
    ['a lost caBundle', () => patchClientConfig({ ...SERVICE_TARGET })],
    [
      'another caBundle',
      async () => patchClientConfig({ ...SERVICE_TARGET, caBundle: encode((await otherPair()).certificate) }),
    ],
    [
      'another Service',
      async () => patchClientConfig({ service: { namespace: 'default', name: 'other', port: 443, path: '/' } }),
    ],
  ])('heals within a minute from %s', async (_name, damage) => {
    const served = await startKeeper();
    await damage();
    await clock.advance(60_000);
    expect(await readTrusted()).toContain(latest(served));
    expect(await readClientConfig()).toMatchObject(SERVICE_TARGET);
    const { data } = await readSecret();
    expect(fingerprint(Buffer.from(data['tls.crt'] ?? '', 'base64').toString())).toBe(latest(served));
  });

  it('is for the address of an operator outside the cluster, which the apiserver is told instead of the Service', async () => {
    await startKeeper();
    const served = await startKeeper({ url: 'https://127.0.0.1:9443' });
    expect(new X509Certificate(served.at(-1)?.certificate ?? '').checkIP('127.0.0.1')).toBeDefined();
    expect(await readClientConfig()).toEqual({ url: 'https://127.0.0.1:9443/asked', caBundle: expect.any(String) });
  });

  it('is made without the configuration too, which the log then asks for once', async () => {
    await client.delete(WEBHOOK_CONFIGURATIONS, CONFIGURATION_KEY, WRITE);
    const served = await startKeeper();
    await clock.advance(60_000);
    expect(served).toHaveLength(1);
    expect(lines.filter((line) => line.includes('apply manifests/operator'))).toHaveLength(1);
  });
});

describe('the names in the certificate', () => {
  it.each([
    [undefined, 'molecule-operator-webhook.molecule-system.svc'],
    ['https://127.0.0.1:9443', '127.0.0.1'],
    ['https://[::1]:9443', '::1'],
    ['https://laptop.example.com', 'laptop.example.com'],
  ])('for %s', (url, host) => {
    expect(hostsOf(targetOf(url, OPERATOR_NAMESPACE))).toEqual([host]);
  });
});

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function patchSecret(data: Readonly<Record<string, string | null>>): Promise<unknown> {
  return client.patch(SECRETS, SECRET_KEY, { data }, WRITE);
}

function patchClientConfig(clientConfig: object): Promise<unknown> {
  const patch = [{ op: 'replace', path: '/webhooks/1/clientConfig', value: clientConfig }] as const;
  return client.patch(WEBHOOK_CONFIGURATIONS, CONFIGURATION_KEY, patch, WRITE);
}

function otherPair(): Promise<ServingPair> {
  const now = clock.now().getTime();
  const until = new Date(now + DAY_MS);
  return makeServingPair({ hosts: hostsOf(SERVICE_TARGET), from: new Date(now - DAY_MS), until });
}
