import { describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { LiveSource } from '../../../../src/controllers/approval-request/live-source.ts';
import type { KubeClient } from '../../../../src/kube/client.ts';
import { NAMESPACE, workspace } from '../../../builders/objects.ts';
import { CLUSTER } from './fixture.ts';

const { signal } = new AbortController();

/** Hands out one Workspace a page, and counts what it is asked. */
function pagedClient(all: readonly Workspace[]) {
  const asked: string[] = [];
  const client = {
    get: async () => {
      asked.push('get');
      return { metadata: { name: 'kube-system', uid: CLUSTER } };
    },
    list: async (_resource: unknown, options: { readonly continue?: string }) => {
      const index = Number(options.continue ?? 0);
      asked.push(`page ${index}`);
      const next = index + 1 < all.length ? { continue: String(index + 1) } : {};
      return { items: all.slice(index, index + 1), resourceVersion: '1', ...next };
    },
  };
  return { asked, client: client as unknown as Pick<KubeClient, 'get' | 'list'> };
}

describe('what the apiserver says', () => {
  it('is read to the last page', async () => {
    const { asked, client } = pagedClient([workspace('a'), workspace('b'), workspace('c')]);
    const found = await new LiveSource(client).workspaces(NAMESPACE, signal);
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual(['page 0', 'page 1', 'page 2']);
  });

  it('of the cluster itself is asked for once', async () => {
    const { asked, client } = pagedClient([]);
    const live = new LiveSource(client);
    expect([await live.clusterUID(signal), await live.clusterUID(signal)]).toEqual([CLUSTER, CLUSTER]);
    expect(asked).toEqual(['get']);
  });
});
