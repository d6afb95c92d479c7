import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

// Below the range that Linux hands out for outgoing connections, so that a remembered port is not taken in between.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_767;
const ATTEMPTS = 200;

/**
 * Picks as many different free loopback ports as there are names. Remembered ports are kept where they are still free.
 * The ports are held until all are picked and free afterwards: another program may take one before it is used.
 */
export async function pickPorts<Name extends string>(
  names: readonly Name[],
  remembered?: Readonly<Partial<Record<Name, number>>>,
): Promise<Readonly<Record<Name, number>>> {
  const held: Server[] = [];
  try {
    const entries: [Name, number][] = [];
    for (const name of names) {
      const { port, server } = await holdPort(remembered?.[name]);
      held.push(server);
      entries.push([name, port]);
    }
    return Object.fromEntries(entries) as Record<Name, number>;
  } finally {
    await Promise.all(held.map(close));
  }
}

/** True when nobody listens on this loopback port now. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await close(server);
  return true;
}

async function holdPort(preferred: number | undefined): Promise<{ readonly port: number; readonly server: Server }> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = attempt === 0 && preferred !== undefined ? preferred : randomInt(FIRST_PORT, LAST_PORT + 1);
    const server = await listen(port);
    if (server !== undefined) return { port, server };
  }
  throw new Error(`Cannot find a free port: ${ATTEMPTS} tries between ${FIRST_PORT} and ${LAST_PORT} failed`);
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
