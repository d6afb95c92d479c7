import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Wire {
  readonly url: string;
  /** Cuts every connection without a word, as a lost network does. */
  cut(): void;
  /**
   * Cuts at what is sent next but `skipped` messages, either before it arrives or after, so that its answer is lost. Returns how to
   * ask whether that happened.
   */
  cutLater(skipped: number, where: 'before' | 'after'): () => boolean;
}

/** A server through a wire that can be cut, until the test is finished. */
export async function wire(serverURL: string): Promise<Wire> {
  const url = new URL(serverURL);
  const port = Number(url.port);
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let lost: 'before' | 'after' = 'before';
  const cut = (): void => sockets.forEach((socket) => void socket.resetAndDestroy());
  const proxy = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    let isDeaf = false;
    sockets.add(socket.on('close', () => onward.destroy()));
    // A connection that is cut is an error on both sides, which is what is wanted.
    for (const side of [socket, onward]) side.on('error', () => undefined);
    onward.on('close', () => socket.destroy());
    onward.on('data', (answer) => {
      if (isDeaf) cut();
      else socket.write(answer);
    });
    socket.on('data', (message) => {
      const isLast = left === 0;
      left -= 1;
      if (isLast && lost === 'before') return cut();
      isDeaf = isLast;
      onward.write(message);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const address = proxy.address();
  url.port = String(typeof address === 'object' ? address?.port : '');
  const cutLater = (skipped: number, where: 'before' | 'after'): (() => boolean) => {
    [left, lost] = [skipped, where];
    return () => {
      const isCut = left < 0;
      left = Number.POSITIVE_INFINITY;
      return isCut;
    };
  };
  return { url: url.href, cut, cutLater };
}
