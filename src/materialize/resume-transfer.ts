import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { coerceError } from '../platform/errors.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';

export interface ResumeOptions {
  /** The bytes before this one are here already. */
  readonly from: number;
  /**
   * Asks for the rest of the same bytes. An answer with 206 begins at the offset, one with 200 at the start, and 416 says
   * that nothing comes behind the offset.
   */
  readonly askFrom: (offset: number) => Promise<IncomingMessage>;
  readonly signal: AbortSignal;
}

/** After breaks in a row without a byte between them: 15 s together, as long as a server needs that starts anew. */
const PAUSES_MS = [0, 500, 1_000, 2_000, 4_000, 8_000];

/**
 * What is behind the bytes that are here, to the announced end, beginning with an answer that was asked for already. Where
 * the transfer breaks off, the rest is asked for, so that every byte is sent once; only breaks without any progress between
 * them come to an end. What is put together is not proven here.
 * @throws MaterializeError tryAgain, with the server's own words where those ended it
 */
export async function* resumeTransfer(
  first: IncomingMessage,
  { from, askFrom, signal }: ResumeOptions,
): AsyncGenerator<Buffer, void, void> {
  let answer: IncomingMessage | undefined = first;
  let received = from;
  let end: number | undefined;
  let failures = 0;
  let isResumable = true;
  for (;;) {
    let failure: Error | undefined;
    try {
      answer ??= await askFrom(isResumable ? received : 0);
      if (answer.statusCode === 416) return void answer.resume();
      // Whoever stands between and spoils ranges may still hand on the whole.
      isResumable = startOf(answer) <= received;
      if (!isResumable) throw leftOut(answer);
      end = endOf(answer);
      for await (const chunk of behind(answer, received)) {
        received += chunk.length;
        failures = 0;
        yield chunk;
      }
    } catch (error) {
      signal.throwIfAborted();
      failure = coerceError(error);
    }
    if (end === undefined ? failure === undefined : received >= end) return;
    const pauseMs = PAUSES_MS[failures];
    if (pauseMs === undefined) throw giveUp(failure);
    failures += 1;
    answer = undefined;
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** Only what comes after the bytes that are here, wherever the answer begins. */
async function* behind(answer: IncomingMessage, received: number): AsyncGenerator<Buffer, void, void> {
  let position = startOf(answer);
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const known = Math.max(0, received - position);
    position += chunk.length;
    if (known < chunk.length) yield chunk.subarray(known);
  }
}

function startOf({ statusCode, headers }: IncomingMessage): number {
  if (statusCode !== 206) return 0;
  const start = /^bytes (\d{1,15})-/.exec(headers['content-range'] ?? '')?.[1];
  return start === undefined ? Number.POSITIVE_INFINITY : Number(start);
}

/** undefined where it is not announced. */
function endOf(answer: IncomingMessage): number | undefined {
  const length = answer.headers['content-length'];
  return length === undefined ? undefined : startOf(answer) + Number(length);
}

function leftOut(answer: IncomingMessage): Error {
  answer.destroy();
  return new Error('the asset server left bytes out');
}

function giveUp(cause: Error | undefined): MaterializeError {
  if (cause instanceof MaterializeError) return cause;
  return new MaterializeError(EXIT.tryAgain, 'Cannot take bundle: the transfer broke off', { cause });
}
