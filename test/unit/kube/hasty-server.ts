import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';

const PREFACE_BYTES = 24;
const FRAME_HEADER_BYTES = 9;
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const WINDOW_UPDATE = 8;
const ACK = 1;
const END_STREAM = 1;
const END_HEADERS = 4;
/** HPACK: a literal without indexing whose name is the entry 8 of the static table, ":status". */
const STATUS_403 = Buffer.concat([Buffer.from([0x08, 3]), Buffer.from('403')]);

/**
 * An HTTP/2 server that answers 403 as soon as it sees a request: headers, body, END_STREAM and RST_STREAM(NO_ERROR) leave it in
 * one write, as Go's server sends them where it answers before it has read the body. Node's server cannot be made to do that.
 * Over TLS, because there a client may take in all of it while it writes, before it tells anybody of the first of it.
 */
export async function startHastyServer(
  body: string,
  tls: TlsOptions,
): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets: Socket[] = [];
  const server = createServer({ ...tls, ALPNProtocols: ['h2'] }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    // What it does not read must not hold up the requests after it.
    socket.write(Buffer.concat([frame(SETTINGS, 0, 0), frame(WINDOW_UPDATE, 0, 0, Buffer.from([0x7f, 0, 0, 0]))]));
    let unread = Buffer.alloc(0);
    let toSkip = PREFACE_BYTES;
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      while (unread.length >= toSkip + FRAME_HEADER_BYTES) {
        unread = unread.subarray(toSkip);
        const type = unread.readUInt8(3);
        if (type === HEADERS) socket.write(hastyAnswer(unread.readUInt32BE(5), body));
        if (type === SETTINGS && unread.readUInt8(4) !== ACK) socket.write(frame(SETTINGS, ACK, 0));
        toSkip = FRAME_HEADER_BYTES + unread.readUIntBE(0, 3);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function hastyAnswer(streamId: number, body: string): Buffer {
  return Buffer.concat([
    frame(HEADERS, END_HEADERS, streamId, STATUS_403),
    frame(DATA, END_STREAM, streamId, Buffer.from(body)),
    frame(RST_STREAM, 0, streamId, Buffer.alloc(4)),
  ]);
}

function frame(type: number, flags: number, streamId: number, payload = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}
