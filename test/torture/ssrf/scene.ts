import type { LookupAddress } from 'node:dns';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, isIP, type LookupFunction, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { type AddressPolicy, createAddressPolicy, parseNetwork } from '../../../src/assets/fetch/address-policy.ts';

/** Where the forge is, and a second one; both in the only listed network. */
export const FORGE = '127.0.0.2';
export const SECOND = '127.0.0.3';
const LISTED = '127.0.0.2/31';
/** Where nobody of ours may ever knock. */
const SINKS = ['127.0.0.1', '::1'];

/** What names mean: each look answers the next list, and the last one from then on. */
export type Names = Readonly<Record<string, readonly (readonly string[])[]>>;

export interface Seen {
  readonly by: typeof FORGE | typeof SECOND;
  readonly hasToken: boolean;
}

/** A forge that redirects as it is told, and a sink on the same port of addresses that are not listed. */
export interface Scene extends AsyncDisposable {
  /** Of forges and sinks alike. */
  readonly port: number;
  /** Connections to the sink, of which not one is allowed. */
  knocks: number;
  /** Requests to the forges, in order. */
  readonly seen: Seen[];
  /** Where requests are redirected to, one after the other; what comes after the last is delivered. */
  readonly locations: string[];
}

/** Only the listed network: what is private is refused, and so is http to what is public. */
export function listedOnly(): AddressPolicy {
  const network = parseNetwork(LISTED);
  if (network === undefined) throw new Error(`Cannot read network ${LISTED}`);
  return createAddressPolicy([network]);
}

/** Names that mean what they are told to mean, and nothing else: no test asks the network. */
export function scriptedLookup(names: Names): LookupFunction {
  const looks = new Map<string, number>();
  return (host, options, done) => {
    const answers = names[host] ?? [];
    const look = looks.get(host) ?? 0;
    looks.set(host, look + 1);
    const addresses = answers[Math.min(look, answers.length - 1)] ?? [];
    const all: LookupAddress[] = addresses.map((address) => ({ address, family: isIP(address) }));
    const [first] = all;
    if (first === undefined) done(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []);
    else if (options.all === true) done(null, all);
    else done(null, first.address, first.family);
  };
}

export async function openScene(canary: string): Promise<Scene> {
  const servers: (HttpServer | Server)[] = [];
  const forge = (by: Seen['by']): HttpServer =>
    createHttpServer((request, response) => {
      scene.seen.push({ by, hasToken: JSON.stringify([request.url, request.rawHeaders]).includes(canary) });
      const location = scene.locations.shift();
      // Whatever comes next has to look its name up again.
      response.setHeader('connection', 'close');
      if (location === undefined) response.end(gzipSync('delivered'));
      // On the wire it is bytes, also where no header may have such.
      else response.writeHead(302, { location: Buffer.from(location).toString('latin1') }).end();
    });
  const sink = (): Server =>
    createServer((socket) => {
      scene.knocks += 1;
      socket.destroy();
    });
  const first = forge(FORGE);
  const scene: Scene = {
    port: await listen(first, FORGE, 0),
    knocks: 0,
    seen: [],
    locations: [],
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) {
        if ('closeAllConnections' in server) server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
  servers.push(first);
  const others = [{ server: forge(SECOND), host: SECOND }, ...SINKS.map((host) => ({ server: sink(), host }))];
  for (const { server, host } of others) {
    await listen(server, host, scene.port);
    servers.push(server);
  }
  return scene;
}

async function listen(server: HttpServer | Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return (server.address() as AddressInfo).port;
}
