import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../../../hack/lib/wait.ts';
import { createForgeClient } from '../../../../src/assets/fetch/forge-client.ts';
import { LOOPBACK } from '../loopback.ts';
// Read before the clock of the first test runs.
import '../../../../src/assets/fetch/transport.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const OK = 'HTTP/1.1 200 OK\r\n';
const { signal } = new AbortController();
const hasty = createForgeClient({ addresses: LOOPBACK, timeoutMs: 1_000 });
const patient = createForgeClient({ addresses: LOOPBACK });

interface RawServer extends AsyncDisposable {
  readonly url: string;
  /** Connections that are open. */
  readonly open: Set<Socket>;
}

/** Speaks for itself, byte by byte. */
async function speak(talk: (socket: Socket) => void): Promise<RawServer> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    socket.once('data', () => talk(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    open,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** For as long as somebody listens. */
function forever(piece: string, everyMs: number, start = ''): (socket: Socket) => void {
  return (socket) => {
    socket.write(start);
    const timer = setInterval(() => socket.write(piece), everyMs);
    socket.on('close', () => clearInterval(timer));
  };
}

const say =
  (text: string): ((socket: Socket) => void) =>
  (socket) =>
    socket.end(text);

const CHUNKED = 'transfer-encoding: chunked\r\n\r\n';
const CHUNK = `10000\r\n${'x'.repeat(0x10000)}\r\n`;

async function readAll(url: string, forge = patient): Promise<string> {
  const source = { forge: 'gitea', baseURL: url, owner: 'o', repo: 'r', ref: 'main' } as const;
  let bytes = 0;
  for await (const part of await forge.download(source, COMMIT, { signal })) bytes += part.length;
  return `${bytes} bytes`;
}

function resolve(url: string): Promise<string> {
  return patient.resolve({ forge: 'gitea', baseURL: url, owner: 'o', repo: 'r', ref: 'main' }, { signal });
}

describe('a forge that never ends', () => {
  it.concurrent.each([
    ['its headers', forever('x', 10, `${OK}x-slow: `), 'TimedOut'],
    ['what it says before its answer', forever('HTTP/1.1 103 Early Hints\r\n\r\n', 5), 'TimedOut'],
    ['its body, byte by byte', forever('x', 10, `${OK}content-length: 1000000\r\n\r\n`), 'TimedOut'],
    ['its chunks, byte by byte', forever('1\r\nx\r\n', 10, `${OK}${CHUNKED}`), 'TimedOut'],
    ['the name of a chunk', forever('x', 10, `${OK}${CHUNKED}1;name=`), 'TimedOut'],
    ['the size of a chunk', forever('0', 10, `${OK}${CHUNKED}`), 'TimedOut'],
    ['a body without an announced end', forever('x'.repeat(0x10000), 1, `${OK}connection: close\r\n\r\n`), 'TimedOut'],
    [
      'a redirect, byte by byte',
      forever('1\r\nx\r\n', 10, `HTTP/1.1 302 Found\r\nlocation: /x\r\n${CHUNKED}`),
      'TimedOut',
    ],
    ['an error, byte by byte', forever('1\r\nx\r\n', 10, `HTTP/1.1 418 No\r\n${CHUNKED}`), 'BadResponse'],
  ])('is cut off in %s', async (_what, talk, code) => {
    await using server = await speak(talk);
    await expect(readAll(server.url, hasty)).rejects.toMatchObject({ name: 'FetchError', code });
    await waitFor(() => Promise.resolve(server.open.size === 0), {
      what: 'the connection be closed',
      timeoutMs: 5_000,
    });
  });

  it.each([
    ['an answer', `${OK}${CHUNKED}`, 'BadResponse'],
    ['an error', `HTTP/1.1 418 No\r\n${CHUNKED}`, 'BadResponse'],
    ['a redirect', `HTTP/1.1 302 Found\r\nlocation: file:///\r\n${CHUNKED}`, 'RedirectRefused'],
  ])('is heard for a few KiB where %s is small, and then no more', async (_what, start, code) => {
    await using server = await speak(forever(CHUNK, 1, start));
    await expect(resolve(server.url)).rejects.toMatchObject({ name: 'FetchError', code });
    await waitFor(() => Promise.resolve(server.open.size === 0), {
      what: 'the connection be closed',
      timeoutMs: 5_000,
    });
  });
});

describe('a forge that lies', () => {
  it.each([
    ['announces more than it sends', `${OK}content-length: 100\r\n\r\npart`, 'Unreachable'],
    ['announces two lengths', `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\nxx`, 'Unreachable'],
    ['announces less than nothing', `${OK}content-length: -1\r\n\r\nx`, 'BadResponse'],
    ['announces a length and chunks', `${OK}content-length: 3\r\n${CHUNKED}1\r\nx\r\n0\r\n\r\n`, 'Unreachable'],
    ['announces a length beyond numbers', `${OK}content-length: 99999999999999999999\r\n\r\nx`, 'Unreachable'],
    ['announces a chunk beyond numbers', `${OK}${CHUNKED}fffffffffffffffff\r\nx`, 'BadResponse'],
    ['announces a chunk and stops', `${OK}${CHUNKED}ffffff\r\nx`, 'Unreachable'],
    ['announces an archive that is too large', `${OK}content-length: ${33 * 1024 * 1024}\r\n\r\n`, 'TooLarge'],
    ['packs the archive once more', `${OK}content-encoding: gzip\r\ncontent-length: 1\r\n\r\nx`, 'BadResponse'],
    ['packs the archive otherwise', `${OK}Content-Encoding: BR\r\ncontent-length: 1\r\n\r\nx`, 'BadResponse'],
    ['sends a flood of headers', `${OK}${'x-flood: y\r\n'.repeat(10_000)}\r\n`, 'BadResponse'],
    ['sends one huge header', `${OK}x-flood: ${'y'.repeat(1_000_000)}\r\n\r\n`, 'BadResponse'],
    ['breaks a header in two', `${OK}location: a\r\n b\rset-cookie: c\r\n\r\n`, 'BadResponse'],
    ['begins no answer', 'H'.repeat(1_000), 'BadResponse'],
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.0\r\n', 'BadResponse'],
    [
      'wants to speak another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      'Unreachable',
    ],
  ])('and %s is refused', async (_what, text, code) => {
    await using server = await speak(say(text));
    await expect(readAll(server.url)).rejects.toMatchObject({ name: 'FetchError', code });
  });

  it('and sends more than it announced gets no second answer believed', async () => {
    const second = `${OK}content-length: ${COMMIT.length + 10}\r\n\r\n{"sha":"${'f'.repeat(40)}"}`;
    const first = JSON.stringify({ sha: COMMIT });
    await using server = await speak((socket) =>
      socket.write(`${OK}content-length: ${first.length}\r\n\r\n${first}${second}`),
    );
    expect(await resolve(server.url)).toBe(COMMIT);
    expect(await resolve(server.url)).toBe(COMMIT);
  });
});
