import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { MaterializeReport } from '../assets/report.ts';
import { coerceError } from '../platform/errors.ts';
import { EXIT, MaterializeError } from './exit-codes.ts';
import { resumeTransfer } from './resume-transfer.ts';

export interface AssetClientOptions {
  readonly serverURL: string;
  /** Read anew for every call: the kubelet replaces it. */
  readonly tokenFile: string;
}

export interface AssetClient {
  /**
   * The bundle's bytes from this one on, none where it has no more, and not proven: the caller proves the digest of the
   * whole. A transfer that breaks off is resumed behind the bytes that came, also while the server is away for a moment.
   * @throws MaterializeError tryAgain with a reason for people; so may the iteration
   */
  fetchBundle(digest: string, from: number, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** @throws when the server did not take it */
  sendReport(report: MaterializeReport, signal: AbortSignal): Promise<void>;
}

/** Without an answer or without a byte for this long, a call is given up. */
const IDLE_TIMEOUT_MS = 15_000;
const DETAIL_BYTES = 4096;
/** Those that `resumeTransfer` understands; every other one is a refusal. */
const ANSWERS: ReadonlySet<number | undefined> = new Set([200, 206, 416]);

/** The asset server over Node's own client: this program runs at every restart, and a bigger one costs memory each time. */
export function createAssetClient({ serverURL, tokenFile }: AssetClientOptions): AssetClient {
  const send = async (call: Call): Promise<IncomingMessage> => {
    const token = (await readFile(tokenFile, 'utf8')).trim();
    return exchange(new URL(call.path, serverURL), { ...call, token });
  };
  return {
    fetchBundle: async (digest, from, signal) => {
      const path = `/v1/assets/${encodeURIComponent(digest)}`;
      const askFrom = async (offset: number): Promise<IncomingMessage> => {
        const headers = offset === 0 ? {} : { range: `bytes=${offset}-`, 'if-range': `"${digest}"` };
        const answer = await send({ method: 'GET', path, headers, signal }).catch(cannotReach);
        if (ANSWERS.has(answer.statusCode)) return answer;
        throw new MaterializeError(
          EXIT.tryAgain,
          `Cannot fetch bundle: the asset server answered ${await explain(answer)}`,
        );
      };
      return resumeTransfer(await askFrom(from), { from, askFrom, signal });
    },
    sendReport: async (report, signal) => {
      const answer = await send({ method: 'POST', path: '/v1/reports', body: JSON.stringify(report), signal });
      if (answer.statusCode !== 204)
        throw new Error(`Cannot send report: the asset server answered ${await explain(answer)}`);
      answer.resume();
    },
  };
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  readonly signal: AbortSignal;
}

async function exchange(url: URL, call: Call & { readonly token: string }): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = {
    ...call.headers,
    authorization: `Bearer ${call.token}`,
    ...(call.body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(call.body) }),
  };
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const request = send(
    url,
    { method: call.method, headers, agent: false, timeout: IDLE_TIMEOUT_MS, signal: call.signal },
    resolve,
  );
  request.on('timeout', () => request.destroy(new Error(`no answer within ${IDLE_TIMEOUT_MS / 1000} s`)));
  request.on('error', reject);
  request.end(call.body);
  return promise;
}

function cannotReach(error: unknown): never {
  const cause = coerceError(error);
  throw new MaterializeError(EXIT.tryAgain, `Cannot fetch bundle: ${cause.message}`, { cause });
}

/** Status and the problem's own words, where the body is one and comes. */
async function explain(answer: IncomingMessage): Promise<string> {
  const status = String(answer.statusCode);
  try {
    const problem: unknown = JSON.parse(await readDetail(answer));
    const detail = typeof problem === 'object' && problem !== null && 'detail' in problem ? problem.detail : undefined;
    return typeof detail === 'string' ? `${status}: ${detail}` : status;
  } catch {
    return status;
  }
}

async function readDetail(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length > DETAIL_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8');
}
