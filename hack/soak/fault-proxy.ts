import { connect, createServer, type Server, type Socket } from 'node:net';

/** A wire to a server on loopback that can be cut and held. */
export interface FaultProxy {
  readonly port: number;
  /** Resets every connection that is open now. */
  cut(): void;
  /** Connections stay open and no byte passes in either direction until `release`. */
  hold(): void;
  release(): void;
  close(): Promise<void>;
}

export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const wires = new Set<{ readonly near: Socket; readonly far: Socket }>();
  let isHeld = false;
  const server: Server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    const wire = { near, far };
    wires.add(wire);
    near.pipe(far);
    far.pipe(near);
    const end = (): void => {
      wires.delete(wire);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      socket.on('error', end);
      socket.on('close', end);
      if (isHeld) socket.pause();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Cannot tell the port of the proxy');
  const everySocket = (act: (socket: Socket) => void): void => {
    for (const { near, far } of wires) {
      act(near);
      act(far);
    }
  };
  return {
    port: address.port,
    cut: () => everySocket((socket) => void socket.resetAndDestroy()),
    hold: () => {
      isHeld = true;
      everySocket((socket) => void socket.pause());
    },
    release: () => {
      isHeld = false;
      everySocket((socket) => void socket.resume());
    },
    close: async () => {
      everySocket((socket) => void socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
