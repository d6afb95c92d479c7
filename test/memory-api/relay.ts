import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A hop of the network on loopback that can fall silent or be cut. A connection that fell silent stays open and stays
 * silent for ever, as behind a firewall that has forgotten it.
 */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** No byte passes in either direction any more: on open connections for good, on new ones until `speak`. Returns how many were open. */
  silence(): number;
  speak(): void;
  /** Whether the connection that arrives at the target from this port fell silent: neither end can know. */
  isSilent(port: number | undefined): boolean;
  /** Resets the connection that arrives at the target from this port; without one, all. */
  cut(port?: number): void;
}

interface Connection {
  readonly near: Socket;
  readonly far: Socket;
}

export async function startRelay(targetPort: number): Promise<Relay> {
  const connections = new Set<Connection>();
  const silent = new Set<Connection>();
  let isSilent = false;

  const hush = (connection: Connection): void => {
    silent.add(connection);
    for (const socket of [connection.near, connection.far]) socket.unpipe().pause();
  };
  const server = createServer((near) => {
    const connection = { near, far: connect(targetPort, '127.0.0.1') };
    connections.add(connection);
    const end = (): void => {
      connections.delete(connection);
      for (const socket of [near, connection.far]) socket.destroy();
    };
    for (const [from, to] of [
      [near, connection.far],
      [connection.far, near],
    ] as const) {
      from.setNoDelay().on('error', end).on('close', end).pipe(to);
    }
    if (isSilent) hush(connection);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (port?: number): void => {
    for (const { near, far } of connections) if (port === undefined || far.localPort === port) near.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      isSilent = true;
      connections.forEach(hush);
      return connections.size;
    },
    speak: () => {
      isSilent = false;
    },
    isSilent: (port) => [...silent].some(({ far }) => far.localPort === port),
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
