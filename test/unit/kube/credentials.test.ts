import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { loadCredentials } from '../../../src/kube/credentials.ts';

let dir: string;
let file: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'credentials-'));
  file = join(dir, 'config');
});

afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

async function writeConfig(user: object, cluster: object = {}): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'c', cluster: { server: 'https://127.0.0.1:6443/', 'insecure-skip-tls-verify': true, ...cluster } },
      { name: 'other', cluster: { server: 'https://other:6443' } },
    ],
    users: [
      { name: 'u', user },
      { name: 'nobody', user: null },
    ],
    contexts: [
      { name: 'one', context: { cluster: 'c', user: 'u' } },
      { name: 'two', context: { cluster: 'other', user: 'nobody', namespace: 'team' } },
    ],
    'current-context': 'one',
  };
  await writeFile(file, stringify(config));
}

describe('a kubeconfig', () => {
  it('gives the server without a trailing slash, and the namespace of the context', async () => {
    await writeConfig({ token: 't' });
    expect(loadCredentials({ kubeconfig: file })).toMatchObject({
      server: 'https://127.0.0.1:6443',
      namespace: 'default',
    });
    expect(loadCredentials({ kubeconfig: file, context: 'two' })).toMatchObject({
      server: 'https://other:6443',
      namespace: 'team',
    });
  });

  it('without the context that is asked for says so', async () => {
    await writeConfig({ token: 't' });
    expect(() => loadCredentials({ kubeconfig: file, context: 'three' })).toThrow('no context "three"');
  });

  it('gives what a connection needs', async () => {
    const pem = (text: string): string => Buffer.from(text).toString('base64');
    await writeConfig(
      { 'client-certificate-data': pem('cert'), 'client-key-data': pem('key') },
      { 'certificate-authority-data': pem('ca'), 'tls-server-name': 'kubernetes', 'insecure-skip-tls-verify': false },
    );
    const { ca, cert, key, ...rest } = await loadCredentials({ kubeconfig: file }).tlsOptions();
    expect([ca, cert, key].map(String)).toEqual(['ca', 'cert', 'key']);
    expect(rest).toEqual({ servername: 'kubernetes' });
  });

  it('found through KUBECONFIG is read the same way', async () => {
    await writeConfig({ tokenFile: 'token' });
    await writeFile(join(dir, 'token'), 'from-file');
    vi.stubEnv('KUBECONFIG', file);
    expect(await loadCredentials({}).headers()).toEqual({ authorization: 'Bearer from-file' });
  });
});

describe('headers', () => {
  it('carry the token, under a name that HTTP/2 accepts', async () => {
    await writeConfig({ token: 't' });
    expect(await loadCredentials({ kubeconfig: file }).headers()).toEqual({ authorization: 'Bearer t' });
  });

  it('carry the token of a file beside the kubeconfig, without its newline', async () => {
    await writeConfig({ tokenFile: 'token' });
    await writeFile(join(dir, 'token'), 'first\n');
    expect(await loadCredentials({ kubeconfig: file }).headers()).toEqual({ authorization: 'Bearer first' });
  });

  it('of a rotated file are read again after a refusal, once for many', async () => {
    await writeConfig({ tokenFile: 'token' });
    await writeFile(join(dir, 'token'), 'first');
    const credentials = loadCredentials({ kubeconfig: file });
    const refused = await credentials.headers();
    await writeFile(join(dir, 'token'), 'second');
    expect(await credentials.headers()).toBe(refused);
    credentials.renew(refused);
    const renewed = await credentials.headers();
    expect(renewed).toEqual({ authorization: 'Bearer second' });
    credentials.renew(refused);
    expect(await credentials.headers()).toBe(renewed);
  });

  it('of a rotated file are read again by themselves', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    await writeConfig({ tokenFile: 'token' });
    await writeFile(join(dir, 'token'), 'first');
    const credentials = loadCredentials({ kubeconfig: file });
    await credentials.headers();
    await writeFile(join(dir, 'token'), 'second');
    vi.advanceTimersByTime(70_000);
    expect(await credentials.headers()).toEqual({ authorization: 'Bearer second' });
  });

  it('are asked of a plugin once, however many ask', async () => {
    const counter = join(dir, 'count');
    const status = JSON.stringify({ kind: 'ExecCredential', status: { token: 'from-plugin' } });
    await writeConfig({
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'sh',
        args: ['-c', `echo x >> ${counter}; echo '${status}'`],
      },
    });
    const { headers } = loadCredentials({ kubeconfig: file });
    const all = await Promise.all([headers(), headers(), headers()]);
    expect(all).toEqual(all.map(() => ({ authorization: 'Bearer from-plugin' })));
    expect((await promisify(execFile)('wc', ['-l', counter])).stdout).toMatch(/^1 /);
  });

  it('that could not be read are asked for again', async () => {
    await writeConfig({ tokenFile: 'token' });
    const { headers } = loadCredentials({ kubeconfig: file });
    await expect(headers()).rejects.toThrow('ENOENT');
    await writeFile(join(dir, 'token'), 'late');
    expect(await headers()).toEqual({ authorization: 'Bearer late' });
  });
});
