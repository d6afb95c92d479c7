import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import { SECRETS, TEMPLATE_ASSETS } from '../../../src/apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../../../src/apis/v1alpha1/types.generated.ts';
import { createForgeClient } from '../../../src/assets/fetch/forge-client.ts';
import type { KubeObject, Resource } from '../../../src/kube/objects.ts';
import { serve, type TestServer } from '../../unit/assets/http-server.ts';
import { LOOPBACK } from '../../unit/assets/loopback.ts';
import { archive, entry } from '../../unit/assets/tar-builder.ts';
import { startOperator, type TestOperator } from './operator.ts';

const CANARY = 'canary-5f1d6c0b7a';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const { signal } = new AbortController();

type Reply = (response: ServerResponse, authorization: string, request: IncomingMessage) => void;

/** A forge that throws the token back in whatever it says. */
const echo =
  (status: number, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response, authorization) =>
    response.writeHead(status, { 'x-echo': authorization, etag: `"${authorization}"`, ...headers }).end(authorization);

const redirect =
  (location: (authorization: string, request: IncomingMessage) => string): Reply =>
  (response, authorization, request) =>
    response.writeHead(302, { location: location(authorization, request) }).end(authorization);

const commitThen =
  (body: (authorization: string) => string | Buffer): Reply =>
  (response, authorization, request) =>
    request.url?.includes('/archive/')
      ? response.end(body(authorization))
      : response.setHeader('x-echo', authorization).end(JSON.stringify({ sha: COMMIT, message: authorization }));

const CASES: Readonly<Record<string, readonly [reason: string, reply: Reply]>> = {
  'wrong-token': ['Unauthorized', echo(401)],
  forbidden: ['Unauthorized', echo(403)],
  'missing-repository': ['RepositoryNotFound', echo(404)],
  'empty-repository': ['RepositoryEmpty', echo(409)],
  'missing-ref': ['RefNotFound', echo(422)],
  'rate-limit': ['RateLimited', echo(429, { 'retry-after': '60' })],
  broken: ['FetchFailed', echo(500)],
  teapot: ['FetchFailed', echo(418)],
  garbage: ['FetchFailed', echo(200)],
  'no-commit': ['FetchFailed', (response, authorization) => response.end(JSON.stringify({ sha: authorization }))],
  'redirect-loop': ['RedirectRefused', redirect((authorization) => `/?token=${encodeURIComponent(authorization)}`)],
  'redirect-credentials': ['RedirectRefused', redirect(() => `http://user:${CANARY}@127.0.0.1:1/`)],
  'redirect-file': ['RedirectRefused', redirect((authorization) => `file:///${encodeURIComponent(authorization)}`)],
  'redirect-away': ['FetchFailed', redirect(() => `http://127.0.0.1:1/?token=${CANARY}`)],
  'redirect-metadata': ['AddressRefused', redirect((authorization) => `https://169.254.169.254/${authorization}`)],
  'hangs-up': ['FetchFailed', (response) => response.destroy()],
  silent: ['FetchTimedOut', () => undefined],
  'not-an-archive': ['NotAnArchive', commitThen((authorization) => authorization)],
  traversal: ['ArchiveRefused', commitThen((authorization) => archive(entry({ name: `repo/../${authorization}` })))],
  'deep-path': [
    'PathTooDeep',
    commitThen((authorization) => archive(entry({ name: `repo/${authorization}/${'a/'.repeat(31)}a` }))),
  ],
  link: [
    'ArchiveRefused',
    commitThen((authorization) =>
      archive(entry({ name: `repo/prompts/${authorization}`, type: '2', linkName: authorization })),
    ),
  ],
};

let forge: TestServer;
let operator: TestOperator;
const lines: string[] = [];

beforeAll(async () => {
  forge = await serve((request, response) => {
    const repository = /^\/api\/v1\/repos\/molecule\/([^/?]+)/.exec(request.url ?? '')?.[1] ?? 'redirect-loop';
    CASES[repository]?.[1](response, request.headers.authorization ?? '', request);
  });
  operator = await startOperator({
    forgeClient: createForgeClient({ addresses: LOOPBACK, timeoutMs: 1_000 }),
    onLog: (line) => void lines.push(line),
  });
  // A credential of its own for the case that silences all others with the same.
  for (const [name, value] of Object.entries({ forge: CANARY, limited: `${CANARY}-limited` })) {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: operator.namespace },
      stringData: { token: value, allowedHosts: new URL(forge.url).host },
    };
    await operator.client.create(SECRETS, secret, { fieldManager: 'test', signal });
  }
  const source = { forge: 'gitea', baseURL: forge.url, owner: 'molecule', ref: 'main' };
  for (const repo of Object.keys(CASES)) {
    const secretRef = { name: repo === 'rate-limit' ? 'limited' : 'forge' };
    await operator.create(TEMPLATE_ASSETS, { spec: { source: { ...source, repo }, auth: 'token', secretRef } }, repo);
  }
  // Secrets of which one says nothing about where its token may go, and the other something else.
  for (const [name, hosts] of Object.entries({ unbound: {}, elsewhere: { allowedHosts: 'git.example.com' } })) {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: operator.namespace } };
    const stringData = { token: `${CANARY}-${name}`, ...hosts };
    await operator.client.create(SECRETS, { ...secret, stringData }, { fieldManager: 'test', signal });
    const spec = { source: { ...source, repo: name }, auth: 'token', secretRef: { name } };
    await operator.create(TEMPLATE_ASSETS, { spec }, name);
  }
  const tls = { ...source, repo: 'tls', baseURL: forge.url.replace('http:', 'https:') };
  await operator.create(TEMPLATE_ASSETS, { spec: { source: tls, auth: 'token', secretRef: { name: 'forge' } } }, 'tls');
});

afterAll(async () => {
  await operator?.stop();
  await forge?.[Symbol.asyncDispose]();
});

describe('a token', () => {
  it.each([
    ...Object.entries(CASES).map(([name, [reason]]) => [name, reason] as const),
    ['tls', 'TLSFailed'] as const,
    ['unbound', 'SecretNotBound'] as const,
    ['elsewhere', 'HostNotAllowed'] as const,
  ])('is in no word about a forge with the fault %s, which is %s', async (name, reason) => {
    const asset = await waitFor(
      async () => {
        const candidate = await operator.get<TemplateAsset>(TEMPLATE_ASSETS, name);
        return candidate.status?.lastAttempt !== undefined && candidate;
      },
      { what: `the TemplateAsset ${name} fail`, timeoutMs: 20_000 },
    );
    expect(asset.status?.lastAttempt?.reason).toBe(reason);
    expect(asset.status?.conditions?.[0]).toMatchObject({ type: 'Ready', status: 'False', reason });
    expectNoCanary(JSON.stringify(asset));
  });

  it('is in no Event, no line of the log and no metric, although the forge was shown it', async () => {
    const events = await waitFor(
      async () => {
        const { items } = await operator.client.list<KubeObject>(EVENTS, { namespace: operator.namespace, signal });
        return items.length > Object.keys(CASES).length && items;
      },
      { what: 'an Event about every TemplateAsset', timeoutMs: 20_000 },
    );
    expectNoCanary(JSON.stringify(events));
    expect(lines.filter((line) => line.includes('Cannot get assets')).length).toBeGreaterThan(
      Object.keys(CASES).length,
    );
    expectNoCanary(lines.join(''));
    const metrics = await operator.readMetrics();
    expect(metrics).toContain('template-asset');
    expectNoCanary(metrics);
    expect(forge.requests.some(({ authorization }) => authorization === `token ${CANARY}`)).toBe(true);
  });
});

it('goes nowhere before its Secret says where, and there the message has the command that says it', async () => {
  for (const name of ['unbound', 'elsewhere'])
    expect(forge.requests.filter(({ line }) => line.includes(`/repos/molecule/${name}/`))).toEqual([]);
  const { host } = new URL(forge.url);
  const messageOf = async (name: string) =>
    (await operator.get<TemplateAsset>(TEMPLATE_ASSETS, name)).status?.conditions?.[0]?.message;
  expect(await messageOf('elsewhere')).toBe(
    `Secret "elsewhere" is not for ${host}, so its token is not sent there; correct spec.source.baseURL, or name in spec.secretRef a Secret for this forge: kubectl create secret generic NAME -n ${operator.namespace} --from-file=token=TOKEN_FILE --from-literal=allowedHosts=${host}`,
  );
  expect(await messageOf('unbound')).toBe(
    `Secret "unbound" does not say for which hosts its token is, under the key "allowedHosts", so nothing is sent; if it was made for ${host}, say so: kubectl patch secret unbound -n ${operator.namespace} --type=merge -p '{"stringData":{"allowedHosts":"${host}"}}'`,
  );
  const allowedHosts = host;
  await operator.patch(SECRETS, 'unbound', { stringData: { allowedHosts } });
  await waitFor(async () => forge.requests.some(({ authorization }) => authorization === `token ${CANARY}-unbound`), {
    what: 'the token be sent where the Secret says',
    timeoutMs: 25_000,
  });
});

function expectNoCanary(text: string): void {
  for (const form of [CANARY, Buffer.from(CANARY).toString('base64').replace(/=+$/, '')])
    expect(text).not.toContain(form);
}
