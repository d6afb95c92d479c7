import { describe, expect, it } from 'vitest';
import { WORKSPACES } from '../../../../src/apis/v1alpha1/resources.ts';
import type { ClusterClient } from '../../../../src/cli/connect.ts';
import { watchObject } from '../../../../src/cli/sync/watch-object.ts';
import type { WatchEvent } from '../../../../src/kube/client.ts';
import { ApiError, TransportError } from '../../../../src/kube/errors.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { workspace } from '../objects.ts';

type Script = readonly (WatchEvent<KubeObject> | Error)[];

/** Lists these states in turn; after each comes its watch, which may break off with an error. */
function scripted(rounds: readonly { readonly listed: string | undefined; readonly watched: Script }[]): ClusterClient {
  const left = [...rounds];
  let watched: Script = [];
  const list = async () => {
    const round = left.shift();
    if (round === undefined) throw new Error('the script is over');
    watched = round.watched;
    return { items: round.listed === undefined ? [] : [named(round.listed)], resourceVersion: '7' };
  };
  async function* watch() {
    for (const event of watched) {
      if (event instanceof Error) throw event;
      yield event;
    }
  }
  return { list, watch } as Partial<ClusterClient> as ClusterClient;
}

function named(displayName: string): KubeObject {
  return workspace('writer', { spec: { displayName } });
}

function modified(displayName: string): WatchEvent<KubeObject> {
  return { type: 'MODIFIED', object: named(displayName) };
}

async function follow(client: ClusterClient): Promise<readonly unknown[]> {
  const key = { namespace: 'acme', name: 'writer' };
  const seen: unknown[] = [];
  for await (const object of watchObject(client, { resource: WORKSPACES, key, signal: new AbortController().signal })) {
    seen.push((object as ReturnType<typeof workspace> | undefined)?.spec.displayName);
  }
  return seen;
}

describe('watchObject', () => {
  it('tells the present state, every change, and the end of the object', async () => {
    const bookmark: WatchEvent<KubeObject> = { type: 'BOOKMARK', resourceVersion: '9', initialEventsEnd: false };
    const deleted: WatchEvent<KubeObject> = { type: 'DELETED', object: named('b') };
    expect(await follow(scripted([{ listed: 'a', watched: [modified('b'), bookmark, deleted] }]))).toEqual([
      'a',
      'b',
      undefined,
    ]);
  });

  it('takes watches up again that ended, broke or fell behind', async () => {
    const client = scripted([
      { listed: 'a', watched: [] },
      { listed: 'b', watched: [new TransportError('reset')] },
      { listed: 'c', watched: [new ApiError('too old', { code: 410, reason: 'Expired' })] },
      { listed: undefined, watched: [] },
    ]);
    expect(await follow(client)).toEqual(['a', 'b', 'c', undefined]);
  });

  it('rejects when it may not watch', async () => {
    const client = scripted([{ listed: 'a', watched: [new ApiError('forbidden', { code: 403 })] }]);
    await expect(follow(client)).rejects.toThrow('forbidden');
  });
});
