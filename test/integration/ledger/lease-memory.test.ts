import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { LEASES, NAMESPACES } from '../../../src/apis/v1alpha1/resources.ts';
import { isAlreadyExists } from '../../../src/kube/errors.ts';
import { type OpenClient, openKubeClient } from '../../../src/kube/open-client.ts';
import { LeaseMemory } from '../../../src/ledger/lease-memory.ts';

const KEY = { namespace: 'molecule-system', name: 'molecule-operator-ledger' };
const FIRST = { seq: 1, hash: 'ab'.repeat(32) };
const SECOND = { seq: 2, hash: 'cd'.repeat(32) };
const { signal } = new AbortController();
let cluster: OpenClient;
let memory: LeaseMemory;

beforeAll(async () => {
  cluster = openKubeClient({ kubeconfig: inject('controlPlane').adminKubeconfig, userAgent: 'test' });
  memory = new LeaseMemory(cluster.client);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: KEY.namespace } };
  await cluster.client.create(NAMESPACES, namespace, { fieldManager: 'test', signal }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
});
beforeEach(() => cluster.client.delete(LEASES, KEY, { signal }));
afterAll(async () => {
  await cluster.client.delete(LEASES, KEY, { signal });
  cluster.client.close();
});

describe('the memory of the ledger in a Lease', () => {
  it('is empty before, keeps what it is told, and forgets when the Lease is deleted', async () => {
    expect(await memory.recall(signal)).toBeUndefined();
    expect(await memory.remember(FIRST, undefined, signal)).toBe(true);
    const first = await memory.recall(signal);
    expect(first?.head).toEqual(FIRST);
    expect(await memory.remember(SECOND, first, signal)).toBe(true);
    expect((await memory.recall(signal))?.head).toEqual(SECOND);
    await cluster.client.delete(LEASES, KEY, { signal });
    expect(await memory.recall(signal)).toBeUndefined();
  });

  it('takes nothing from who did not see what is there', async () => {
    expect(await memory.remember(FIRST, undefined, signal)).toBe(true);
    expect(await memory.remember(SECOND, undefined, signal)).toBe(false);
    const seen = await memory.recall(signal);
    await memory.remember(SECOND, seen, signal);
    expect(await memory.remember({ seq: 3, hash: FIRST.hash }, seen, signal)).toBe(false);
    expect((await memory.recall(signal))?.head).toEqual(SECOND);
    await cluster.client.delete(LEASES, KEY, { signal });
    expect(await memory.remember(FIRST, seen, signal)).toBe(false);
  });

  it.each(['', '1', '1:xyz', `-1:${FIRST.hash}`, `1:${FIRST.hash} `])(
    'freezes when somebody wrote "%s" there',
    async (text) => {
      await memory.remember(FIRST, undefined, signal);
      const patch = { metadata: { annotations: { 'moleculesai.app/ledger-head': text } } };
      await cluster.client.patch(LEASES, KEY, patch, { fieldManager: 'test', signal });
      await expect(memory.recall(signal)).rejects.toMatchObject({ name: 'RefusedError', reason: 'LedgerFrozen' });
    },
  );
});
