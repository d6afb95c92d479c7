import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { waitFor } from '../../../../hack/lib/wait.ts';
import * as resources from '../../../../src/apis/v1alpha1/resources.ts';
import { NAMESPACES, TEMPLATE_ASSETS } from '../../../../src/apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import type { KubeObject, ObjectKey } from '../../../../src/kube/objects.ts';
import { createSystemClock } from '../../../../src/platform/clock.ts';
import { MemoryApi } from '../../../memory-api/memory-api.ts';
import { MemoryLedger } from '../../../memory-ledger/memory-ledger.ts';
import { createClients } from '../../assets/clients.ts';
import { serve, type TestServer } from '../../assets/http-server.ts';
import { archive } from '../../assets/tar-builder.ts';
import { Users } from '../../faults/users.ts';
import { noFaults } from '../../sequence/faults.ts';
import { OperatorProcess } from '../../sequence/operator-process.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
/** More than the operator has workers, on more servers than it has places for downloads. */
const SERVERS = 20;
const PER_SERVER = 5;
/** Of the sixteen places for downloads. */
const HALF = 8;
const HONEST: ObjectKey = { namespace: 'honest', name: 'writer' };

/** A forge that knows its commit at once, and sends archives or lets whoever asks for them wait. */
function serveForge({ isSlow }: { readonly isSlow: boolean }): Promise<TestServer> {
  return serve((request, response) => {
    if (request.url?.includes('/archive/') !== true) response.end(JSON.stringify({ sha: COMMIT }));
    else if (!isSlow) response.end(archive());
    else response.write('\u001f');
  });
}

const downloads = ({ requests }: TestServer): number =>
  requests.filter(({ line }) => line.includes('/archive/')).length;

it('a tenant with many servers that trickle holds half of the places, and another gets its files meanwhile', async () => {
  await using held = new AsyncDisposableStack();
  const root = held.adopt(await mkdtemp(join(tmpdir(), 'store-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const slow = await Promise.all(Array.from({ length: SERVERS }, () => serveForge({ isSlow: true })));
  for (const server of slow) held.use(server);
  const quick = held.use(await serveForge({ isSlow: false }));

  const clock = createSystemClock();
  let uids = 0;
  const api = new MemoryApi({
    now: () => clock.now(),
    newUID: () => `00000000-0000-4000-8000-${String(++uids).padStart(12, '0')}`,
    kinds: Object.values(resources),
  });
  const users = new Users(api);
  for (const name of ['kube-system', 'hostile', 'honest']) users.create(NAMESPACES, { namespace: '', name }, {});
  const follow = (key: ObjectKey, { url }: TestServer): void => {
    const source = { forge: 'gitea', baseURL: url, owner: 'molecule', repo: key.name, ref: 'main' };
    const spec = { source, auth: 'anonymous', include: ['config.yaml'], interval: '5m' };
    users.create(TEMPLATE_ASSETS, key, { spec });
  };
  held.adopt(
    new OperatorProcess({
      api,
      ledger: new MemoryLedger({ now: () => clock.now() }),
      ...createClients(),
      assets: await createAssetStore({ root, maxBytes: 2 ** 30, ...createClients() }),
      clock,
      random: Math.random,
      nextFault: noFaults,
      latencyMs: () => 0,
    }),
    (process) => process.die(),
  );

  for (let turn = 0; turn < PER_SERVER; turn++)
    for (const [index, server] of slow.entries()) follow({ namespace: 'hostile', name: `t-${turn}-${index}` }, server);
  const trickling = (): number => slow.reduce((sum, server) => sum + downloads(server), 0);
  await waitFor(async () => trickling() >= HALF, { what: 'the slow servers be asked', timeoutMs: 10_000 });
  follow(HONEST, quick);
  await waitFor(async () => isStored(api), { what: 'the other tenant get its files', timeoutMs: 10_000 });
  expect(trickling()).toBe(HALF);
}, 30_000);

function isStored(api: MemoryApi): boolean {
  const asset: (KubeObject & Pick<TemplateAsset, 'status'>) | undefined = api.object(TEMPLATE_ASSETS, HONEST);
  return asset?.status?.artifact !== undefined;
}
