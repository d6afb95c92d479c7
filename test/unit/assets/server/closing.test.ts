import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { createAssetServer } from '../../../../src/assets/server/asset-server.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

it('lets a transfer end, takes nothing new, and is closed with the last one, also to a client that keeps its connection', async () => {
  const bundle = new Readable({ read: () => undefined });
  const app = createAssetServer({
    reviewToken: async () => ({ namespace: 'ns', podName: 'p', podUID: 'uid', serviceAccount: 'agent' }),
    authorize: () => ({ workspace: { namespace: 'ns', name: 'w', uid: 'w', podUID: 'uid' }, digest: DIGEST }),
    openBundle: async () => ({ stream: bundle, sizeBytes: 6 }),
    onReport: () => undefined,
    onMissing: () => undefined,
    onError: () => undefined,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const ask = () => get({ port, agent, path: `/v1/assets/${DIGEST}`, headers: { authorization: 'Bearer token' } });
  bundle.push('bun');
  const [answer] = (await once(ask(), 'response')) as [IncomingMessage];
  const closed = app.close();
  await expect.poll(() => app.server.listening).toBe(false);
  await expect(once(ask(), 'response')).rejects.toThrow('ECONNREFUSED');
  bundle.push('dle');
  bundle.push(null);
  expect(await text(answer)).toBe('bundle');
  await closed;
});
