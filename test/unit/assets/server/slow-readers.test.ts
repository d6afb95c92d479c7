import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { createAssetServer } from '../../../../src/assets/server/asset-server.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CHUNK = Buffer.alloc(128 * 1024, 'x');
/** More than sockets of a kernel take off a sender without a reader. */
const CHUNKS = 256;
const SIZE = CHUNK.length * CHUNKS;
const STALLED_MS = 1_500;

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

/** Who asks is what the token says. */
async function start(stalledMs: number) {
  const app = createAssetServer({
    stalledMs,
    reviewToken: async (token) => ({ namespace: 'ns', podName: token, podUID: token, serviceAccount: 'agent' }),
    authorize: ({ podUID }) => ({ workspace: { namespace: 'ns', name: 'w', uid: 'w', podUID }, digest: DIGEST }),
    openBundle: async () => {
      let left = CHUNKS;
      const stream = new Readable({
        read() {
          left -= 1;
          this.push(left < 0 ? null : CHUNK);
        },
      });
      return { stream, sizeBytes: SIZE };
    },
    onReport: () => undefined,
    onMissing: () => undefined,
    onError: () => undefined,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const answers: IncomingMessage[] = [];
  close = async () => {
    for (const answer of answers) answer.destroy();
    await app.close();
  };
  return {
    countConnections: () =>
      new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count))),
    ask: async (pod: string): Promise<IncomingMessage> => {
      const headers = { authorization: `Bearer ${pod}` };
      const [answer] = (await once(get({ port, path: `/v1/assets/${DIGEST}`, headers, agent: false }), 'response')) as [
        IncomingMessage,
      ];
      answers.push(answer);
      return answer;
    },
  };
}

it('sixty-four readers that take nothing keep nobody else from being served', async () => {
  const { ask } = await start(60_000);
  const slow = await Promise.all(Array.from({ length: 64 }, (_, index) => ask(`slow-${index}`)));
  expect((await buffer(await ask('other'))).length).toBe(SIZE);
  expect(slow.filter(({ statusCode, destroyed }) => statusCode === 200 && !destroyed)).toHaveLength(64);
});

it('a reader that has stalled is cut', async () => {
  const { ask, countConnections } = await start(200);
  const answer = await ask('stalled');
  await expect.poll(countConnections).toBe(0);
  await expect(buffer(answer)).rejects.toThrow('aborted');
});

it('a reader that is slow and goes on reading gets it all, however long that takes', async () => {
  const { ask } = await start(STALLED_MS);
  const answer = await ask('steady');
  const begin = performance.now();
  let received = 0;
  let paused = 0;
  for await (const chunk of answer) {
    received += (chunk as Buffer).length;
    if (received / SIZE > paused / 20) {
      paused += 1;
      await sleep(STALLED_MS / 10);
    }
  }
  expect(received).toBe(SIZE);
  expect(performance.now() - begin).toBeGreaterThan(STALLED_MS);
});
