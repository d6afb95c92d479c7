import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureAuthority } from '../../../../hack/lib/certificates.ts';
import { explainFault } from '../../../../src/assets/fetch/explain-fault.ts';
import { createForgeClient } from '../../../../src/assets/fetch/forge-client.ts';
import { serve } from '../http-server.ts';
import { credentialFor, LOOPBACK } from '../loopback.ts';

const { signal } = new AbortController();
let directory: string;
let selfSigned: ReturnType<typeof createTlsServer>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tls-'));
  const { certFile, keyFile } = await ensureAuthority(directory);
  selfSigned = createTlsServer({ cert: await readFile(certFile), key: await readFile(keyFile) });
  await new Promise<void>((resolve) => selfSigned.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  selfSigned.close();
  await rm(directory, { recursive: true, force: true });
});

async function failureOf(baseURL: string, forge = createForgeClient({ addresses: LOOPBACK })): Promise<unknown> {
  const source = { forge: 'gitea', baseURL, owner: 'o', repo: 'r', ref: 'main' } as const;
  return forge
    .resolve(source, { credential: credentialFor('canary', baseURL), signal })
    .catch((error: unknown) => error);
}

describe('a forge that cannot be reached', () => {
  it('because its name means nothing is HostNotFound', async () => {
    const lookup: LookupFunction = (_host, _options, done) =>
      done(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), '', 0);
    expect(await failureOf('https://git.example', createForgeClient({ addresses: LOOPBACK, lookup }))).toMatchObject({
      code: 'HostNotFound',
      message: 'Cannot fetch from https://git.example: the name of its host cannot be resolved (ENOTFOUND)',
    });
  });

  it('because nobody trusts its certificate is TLSFailed', async () => {
    const { port } = selfSigned.address() as AddressInfo;
    expect(await failureOf(`https://127.0.0.1:${port}`)).toMatchObject({
      code: 'TLSFailed',
      message: expect.stringMatching(/no trusted connection \((DEPTH_ZERO_)?SELF_SIGNED_CERT[A-Z_]*\)$/),
    });
  });

  it('because it does not speak TLS is TLSFailed', async () => {
    await using plain = await serve((_request, response) => response.end());
    expect(await failureOf(plain.url.replace('http:', 'https:'))).toMatchObject({ code: 'TLSFailed' });
  });

  it('because nobody listens is Unreachable', async () => {
    expect(await failureOf('http://127.0.0.1:1')).toMatchObject({
      code: 'Unreachable',
      message: 'Cannot fetch from http://127.0.0.1:1: no connection (ECONNREFUSED)',
    });
  });

  it('because it hangs up is Unreachable', async () => {
    await using rude = await serve((request) => request.socket.destroy());
    expect(await failureOf(rude.url)).toMatchObject({ code: 'Unreachable' });
  });
});

describe('explainFault()', () => {
  it.each([
    ['ETIMEDOUT', 'TimedOut'],
    ['UND_ERR_CONNECT_TIMEOUT', 'TimedOut'],
    ['UND_ERR_HEADERS_TIMEOUT', 'TimedOut'],
    ['EAI_AGAIN', 'HostNotFound'],
    ['CERT_HAS_EXPIRED', 'TLSFailed'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLSFailed'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLSFailed'],
    ['ECONNRESET', 'Unreachable'],
    ['UND_ERR_SOCKET', 'Unreachable'],
    ['HPE_INVALID_CONSTANT', 'BadResponse'],
    ['UND_ERR_HEADERS_OVERFLOW', 'BadResponse'],
    ['ADDRESS_REFUSED', 'AddressRefused'],
    ['CLEARTEXT_REFUSED', 'AddressRefused'],
  ])('takes %s for %s', (code, expected) => {
    const error = Object.assign(new Error('https://user:password@git.example'), { code });
    const fault = explainFault(error, 'https://git.example');
    expect(fault).toMatchObject({ code: expected, cause: error });
    expect(fault?.message).not.toContain('password');
  });

  it.each([
    ['a mistake', new TypeError('x is not a function')],
    ['a mistake with a code', Object.assign(new TypeError('bad'), { code: 'ERR_INVALID_ARG_TYPE' })],
    ['a request that cannot be sent', Object.assign(new Error('bad header'), { code: 'UND_ERR_INVALID_ARG' })],
    ['an error without a code', new Error('who knows')],
  ])('does not take %s for a fault of the network', (_what, error) => {
    expect(explainFault(error, 'https://git.example')).toBeUndefined();
  });

  it('lets a mistake of ours through as it is', async () => {
    const lookup: LookupFunction = (_host, _options, done) => done(new TypeError('a mistake'), '', 0);
    const forge = createForgeClient({ addresses: LOOPBACK, lookup });
    expect(await failureOf('https://git.example', forge)).toBeInstanceOf(TypeError);
  });
});
