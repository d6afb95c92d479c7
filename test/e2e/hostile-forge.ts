import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A forge that answers every question with one commit and every download with these bytes. */
export interface HostileForge extends AsyncDisposable {
  readonly url: string;
  archive: Buffer;
  commit: string;
}

export async function startHostileForge(commit: string, archive: Buffer): Promise<HostileForge> {
  const server: Server = createServer((request, response) => {
    if (request.url?.includes('/archive/') === true) response.end(forge.archive);
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ sha: forge.commit }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const forge = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    archive,
    commit,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return forge;
}
