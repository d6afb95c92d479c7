import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Turns of the event loop without a byte after which nothing is under way: a callback may take some to write. */
const IDLE_TURNS = 6;
/** Bytes that a silent connection holds back never arrive. */
const LONGEST_TURNS = 2_000;

/**
 * Knows when the loopback connections of this process have nothing under way, so that virtual time can jump to the next
 * timer: every byte that one end wrote was read at the other, and nobody wrote for some turns of the event loop.
 */
export class QuietNetwork implements Disposable {
  readonly #sockets = new Set<Socket>();
  readonly #add = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  };

  constructor() {
    for (const channel of CHANNELS) subscribe(channel, this.#add);
  }

  /** Both ends of every connection that is open. */
  get sockets(): number {
    return this.#sockets.size;
  }

  async settle(): Promise<void> {
    let before = -1;
    for (let turns = 0, idle = 0; idle < IDLE_TURNS && turns < LONGEST_TURNS; turns += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const total = this.#total();
      idle = total === before && !this.#isUnderWay() ? idle + 1 : 0;
      before = total;
    }
  }

  [Symbol.dispose](): void {
    for (const channel of CHANNELS) unsubscribe(channel, this.#add);
  }

  #total(): number {
    let total = this.#sockets.size;
    for (const socket of this.#sockets) total += socket.bytesRead + socket.bytesWritten;
    return total;
  }

  /** A connection that is not accepted yet, or bytes that are written and not read. Paused ends never read. */
  #isUnderWay(): boolean {
    const byPorts = new Map([...this.#sockets].map((socket) => [`${socket.localPort}>${socket.remotePort}`, socket]));
    for (const socket of this.#sockets) {
      const peer = byPorts.get(`${socket.remotePort}>${socket.localPort}`);
      if (socket.connecting) return true;
      if (peer !== undefined && !peer.isPaused() && socket.bytesWritten !== peer.bytesRead) return true;
    }
    return false;
  }
}

const CHANNELS = ['net.client.socket', 'net.server.socket'];
