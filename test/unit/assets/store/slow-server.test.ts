import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { waitFor } from '../../../../hack/lib/wait.ts';
import type { ForgeRequest } from '../../../../src/assets/store/asset-request.ts';
import { createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { createClients } from '../clients.ts';
import { serve, type TestServer } from '../http-server.ts';
import { archive, entry } from '../tar-builder.ts';

const MANY = 20;

function request({ url }: TestServer, digit: number): ForgeRequest {
  const source = { forge: 'gitea', baseURL: url, owner: 'molecule', repo: 'tpl', ref: 'main' } as const;
  return { source, commit: digit.toString(16).padStart(40, '0'), include: ['prompts/**'] };
}

it('a forge that answers nobody holds up its own downloads, two at a time, and not those of others', async () => {
  const root = await mkdtemp(join(tmpdir(), 'store-'));
  await using slow = await serve(() => undefined);
  await using quick = await serve((_request, response) =>
    response.end(archive(entry({ name: 'repo/prompts/a.md', body: 'a\n' }))),
  );
  const giveUp = new AbortController();
  const { signal } = new AbortController();
  try {
    const store = await createAssetStore({ root, maxBytes: 2 ** 30, ...createClients() });
    const stuck = Array.from({ length: MANY }, (_, digit) => store.ensure(request(slow, digit), giveUp.signal));
    const ended = Promise.allSettled(stuck);
    await waitFor(() => Promise.resolve(slow.requests.length > 0), {
      what: 'the slow forge be asked',
      timeoutMs: 5_000,
    });
    for (const digit of [1, 2, 3])
      expect(await store.ensure(request(quick, digit), signal)).toMatchObject({ files: 1 });
    expect(slow.requests).toHaveLength(2);
    giveUp.abort(new Error('enough'));
    expect((await ended).map(({ status }) => status)).toEqual(Array(MANY).fill('rejected'));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
