import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openCluster } from '../../../src/cli/open-cluster.ts';

const KUBECONFIG = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'dev',
  clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'u', user: { token: 't' } }],
  contexts: [
    { name: 'dev', context: { cluster: 'c', user: 'u', namespace: 'acme' } },
    { name: 'prod', context: { cluster: 'c', user: 'u' } },
  ],
});

async function file(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'config'), text);
  return join(directory, 'config');
}

describe('openCluster', () => {
  it("takes the current context's namespace, or that of the context it is told", async () => {
    const kubeconfig = await file(KUBECONFIG);
    for (const [options, namespace] of [
      [{ kubeconfig }, 'acme'],
      [{ kubeconfig, context: 'prod' }, 'default'],
    ] as const) {
      const cluster = await openCluster(options);
      expect(cluster.namespace).toBe(namespace);
      cluster.close();
    }
  });

  it('says what to do about an unknown context', async () => {
    const opening = openCluster({ kubeconfig: await file(KUBECONFIG), context: 'moon' });
    await expect(opening).rejects.toThrow('the kubeconfig has no context "moon"; name one with --context');
  });

  it('says what to do about a kubeconfig that is missing or broken', async () => {
    for (const kubeconfig of ['/does/not/exist', await file('{')]) {
      await expect(openCluster({ kubeconfig })).rejects.toThrow(
        /^Cannot read the kubeconfig: .*; check --kubeconfig or KUBECONFIG$/s,
      );
    }
  });

  it('says what to do when there is none at all', async () => {
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', '/does/not/exist');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(openCluster({})).rejects.toThrow('there is no kubeconfig; set KUBECONFIG or pass --kubeconfig');
  });
});
