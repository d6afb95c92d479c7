import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A forge that answers every question with one commit and every download with these bytes. */
export interface HostileForge extends AsyncDisposable {
  readonly url: string;
  archive: Buffer;
  commit: string;
}

export async function startHostileForge(commit: string, archive: Buffer): Promise<HostileForge> {
  const server = createServer((request, response) => {
    if (request.url?.includes('/archive/') === true) response.end(forge.archive);
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ sha: forge.commit }));
  });
  const forge = { ...(await listen(server)), archive, commit };
  return forge;
}

/** A real forge that can be made to die in the midst of a download. */
export interface FragileForge extends AsyncDisposable {
  readonly url: string;
  /** How many bytes of the next archive get through before it dies. */
  diesAfterBytes: number;
  /** Once dead it answers nobody until this is set back. */
  isDead: boolean;
}

/** Stands before the forge at this address and passes everything on, credentials included. */
export async function startFragileForge(realURL: string): Promise<FragileForge> {
  const server = createServer(async (request, response) => {
    if (forge.isDead) return void request.socket.destroy();
    const { authorization } = request.headers;
    const answer = await fetch(
      `${realURL}${request.url}`,
      authorization === undefined ? {} : { headers: { authorization } },
    );
    const isArchive = request.url?.includes('/archive/') === true;
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
    let left = isArchive ? forge.diesAfterBytes : Number.POSITIVE_INFINITY;
    for await (const chunk of answer.body ?? []) {
      response.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left > 0) continue;
      forge.isDead = true;
      return void request.socket.destroySoon();
    }
    response.end();
  });
  const forge = { ...(await listen(server)), diesAfterBytes: Number.POSITIVE_INFINITY, isDead: false };
  return forge;
}

async function listen(server: Server): Promise<AsyncDisposable & { readonly url: string }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
