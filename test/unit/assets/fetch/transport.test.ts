import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server } from 'node:https';
import type { AddressInfo, LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureAuthority, ensureCertificate } from '../../../../hack/lib/certificates.ts';
import type { ForgeSource } from '../../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../../src/assets/fetch/forge-client.ts';
import { serve } from '../http-server.ts';
import { credentialFor, LOOPBACK } from '../loopback.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const TOKEN = 'canary-0123456789';
const ours = getCACertificates();
const { signal } = new AbortController();
let directory: string;
let secure: Server;
let port: number;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tls-'));
  const authority = await ensureAuthority(directory);
  const altNames = ['DNS:git.example', 'DNS:other.example'];
  const { certFile, keyFile } = await ensureCertificate(directory, { name: 'forge', commonName: 'forge', altNames });
  setDefaultCACertificates([...ours, await readFile(authority.certFile, 'utf8')]);
  // Who offers to speak HTTP/2 would be taken at their word.
  const ALPNProtocols = ['h2', 'http/1.1'];
  const pair = { cert: await readFile(certFile), key: await readFile(keyFile) };
  secure = createTlsServer({ ...pair, ALPNProtocols }, (request, response) => answer(request, response));
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  ({ port } = secure.address() as AddressInfo);
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
  setDefaultCACertificates(ours);
  secure.closeAllConnections();
  secure.close();
  await rm(directory, { recursive: true, force: true });
});

/** Every name is at the one address. */
function lookupOnce(): { readonly lookup: LookupFunction; readonly asked: string[] } {
  const asked: string[] = [];
  const lookup: LookupFunction = (host, options, done) => {
    asked.push(host);
    if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
    else done(null, '127.0.0.1', 4);
  };
  return { lookup, asked };
}

function source(baseURL: string): ForgeSource {
  return { forge: 'gitea', baseURL, owner: 'o', repo: 'r', ref: 'main' };
}

describe('a connection', () => {
  it('goes to the address that was judged, and the name stays: in SNI, in Host and in the certificate', async () => {
    const { lookup, asked } = lookupOnce();
    const seen: unknown[] = [];
    answer = ({ socket, headers }, response) => {
      const { servername, alpnProtocol } = socket as TLSSocket;
      seen.push({ servername, alpnProtocol, host: headers.host });
      response.end(JSON.stringify({ sha: COMMIT }));
    };
    const forge = createForgeClient({ addresses: LOOPBACK, lookup });
    expect(await forge.resolve(source(`https://git.example:${port}`), { signal })).toBe(COMMIT);
    expect(seen).toEqual([{ servername: 'git.example', alpnProtocol: 'http/1.1', host: `git.example:${port}` }]);
    expect(asked).toEqual(['git.example']);
  });

  it('is made to the internet by https, without any listed network, and not by http', async () => {
    const addresses = { isPublic: () => true, isListed: () => false };
    answer = (_request, response) => response.end(JSON.stringify({ sha: COMMIT }));
    const forge = createForgeClient({ addresses, lookup: lookupOnce().lookup });
    expect(await forge.resolve(source(`https://git.example:${port}`), { signal })).toBe(COMMIT);
    await expect(forge.resolve(source(`http://git.example:${port}`), { signal })).rejects.toMatchObject({
      code: 'AddressRefused',
    });
  });

  it('is that of one name, although another is at the same address', async () => {
    const { lookup } = lookupOnce();
    const sockets = new Map<unknown, Set<string | undefined>>();
    answer = ({ socket, headers }, response) => {
      sockets.set(socket, (sockets.get(socket) ?? new Set()).add(headers.host));
      response.end(JSON.stringify({ sha: COMMIT }));
    };
    const forge = createForgeClient({ addresses: LOOPBACK, lookup });
    for (const name of ['git.example', 'other.example', 'git.example', 'other.example'])
      await forge.resolve(source(`https://${name}:${port}`), { signal });
    expect([...sockets.values()].map((hosts) => hosts.size)).toEqual([1, 1]);
  });

  it('is led nowhere by the environment', async () => {
    await using proxy = await serve((_request, response) => response.end('hijacked'));
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'])
      for (const key of [name, name.toLowerCase()]) vi.stubEnv(key, proxy.url);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    await using server = await serve((_request, response) => response.end(JSON.stringify({ sha: COMMIT })));
    const forge = createForgeClient({ addresses: LOOPBACK });
    expect(await forge.resolve(source(server.url), { signal })).toBe(COMMIT);
    expect(proxy.requests).toEqual([]);
  });

  it('is not made in the clear after one that was encrypted, not even in a listed network', async () => {
    await using clear = await serve((_request, response) => response.end('archive'));
    answer = (_request, response) => response.writeHead(302, { location: `${clear.url}/?signature=secret` }).end();
    const { lookup } = lookupOnce();
    const forge = createForgeClient({ addresses: LOOPBACK, lookup });
    const baseURL = `https://git.example:${port}`;
    const call = forge.download(source(baseURL), COMMIT, {
      credential: credentialFor(TOKEN, baseURL, clear.url),
      signal,
    });
    await expect(call).rejects.toMatchObject({
      code: 'RedirectRefused',
      message: `Cannot fetch from ${baseURL}: it redirects to an unsafe protocol`,
    });
    expect(clear.requests).toEqual([]);
  });

  it('takes the token along to no other host, whatever its Secret allows', async () => {
    await using other = await serve((_request, response) => response.end(JSON.stringify({ sha: COMMIT })));
    const forge = createForgeClient({ addresses: LOOPBACK });
    const call = forge.resolve(source(other.url), { credential: credentialFor(TOKEN, 'https://git.example'), signal });
    await expect(call).rejects.toMatchObject({
      code: 'HostNotAllowed',
      message: `Cannot fetch from ${other.url}: the token was not made for this host`,
    });
    expect(other.requests).toEqual([]);
  });
});

describe('a refused address', () => {
  const lookup: LookupFunction = (_host, _options, done) => done(null, [{ address: '10.96.4.7', family: 4 }]);

  it('is told by the name that somebody wrote, never by what the network of the operator made of it', async () => {
    const forge = createForgeClient({ addresses: LOOPBACK, lookup });
    const failure = await forge
      .resolve(source('https://postgres.db.svc:5432'), { signal })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'AddressRefused',
      message:
        'Cannot fetch from https://postgres.db.svc:5432: its host is at an address that is neither public nor listed (ADDRESS_REFUSED)',
      cause: { message: 'postgres.db.svc is at 10.96.4.7' },
    });
  });

  it('behind a redirect is told by the forge that redirects', async () => {
    await using server = await serve((_request, response) =>
      response.writeHead(302, { location: 'https://internal.example/?token=secret' }).end(),
    );
    const forge = createForgeClient({ addresses: LOOPBACK, lookup });
    await expect(forge.download(source(server.url), COMMIT, { signal })).rejects.toMatchObject({
      code: 'AddressRefused',
      message: `Cannot fetch from ${server.url}, which redirects: its host is at an address that is neither public nor listed (ADDRESS_REFUSED)`,
    });
  });

  it('may be one of the internet, for http', async () => {
    const failure = createForgeClient({ addresses: LOOPBACK }).resolve(source('http://93.184.216.34'), { signal });
    await expect(failure).rejects.toMatchObject({
      code: 'AddressRefused',
      message: 'Cannot fetch from http://93.184.216.34: http is only for hosts in a listed network (CLEARTEXT_REFUSED)',
    });
  });

  it('shows a name that looks like another as what it is', async () => {
    const forge = createForgeClient({ addresses: LOOPBACK, lookup });
    await expect(forge.resolve(source('https://gіthub.com'), { signal })).rejects.toThrow('https://xn--gthub-n2e.com');
  });
});

it.each([
  ['refused', 'https://postgres.db.svc'],
  ['deaf', 'http://127.0.0.1:1'],
  ['not trusted', 'https://unknown.example:PORT'],
])('no error about a host that is %s holds the token, however deep one looks', async (_what, address) => {
  const baseURL = address.replace('PORT', String(port));
  const lookup: LookupFunction = (host, _options, done) =>
    done(null, [{ address: host.endsWith('.svc') ? '10.0.0.1' : '127.0.0.1', family: 4 }]);
  const forge = createForgeClient({ addresses: LOOPBACK, lookup });
  const call = forge.download(source(baseURL), COMMIT, { credential: credentialFor(TOKEN, baseURL), signal });
  const failure = await call.catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'FetchError', cause: expect.any(Error) });
  expect(inspect(failure, { depth: 20, showHidden: true })).not.toContain('canary');
});
