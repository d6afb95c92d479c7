import { createHash } from 'node:crypto';
import { ARCHIVE_LIMITS } from '../archive/read-archive.ts';
import type { FluxArtifact } from './flux-artifact.ts';
import { FetchError, type FetchErrorCode } from './forge.ts';
import { createForgeHttp } from './forge-http.ts';
import type { TransportOptions } from './transport.ts';

export interface FluxClientOptions extends TransportOptions {
  /** For the whole transfer. @default 30 000, as for forges */
  readonly timeoutMs?: number;
}

export interface FluxClient {
  /**
   * The artifact's tar.gz. No credential goes with the request. The stream fails at its end unless all of it together has
   * the digest that Flux told. It has to be read to its end or returned.
   * @throws FluxDownloadError, also while the stream is read
   */
  download(artifact: FluxArtifact, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** The artifact could not be had. The message is for people, as that of a FetchError is. */
export class FluxDownloadError extends Error {
  override readonly name = 'FluxDownloadError';
  readonly code: FetchErrorCode | 'DigestMismatch';

  constructor(code: FluxDownloadError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Downloads of artifacts, by the same rules about addresses, sizes and time as those of forges. No redirect is followed: a
 * controller of Flux sends none, and one could lead to what is another namespace's.
 */
export function createFluxClient({ timeoutMs = 30_000, ...options }: FluxClientOptions): FluxClient {
  const http = createForgeHttp({ timeoutMs, now: Date.now, maxRedirects: 0, ...options });
  return {
    download: async (artifact, signal) => {
      const url = new URL(artifact.url);
      const { body, contentBytes, discard } = await http.get({ url, signal }).catch(explain);
      if (contentBytes !== undefined && contentBytes > ARCHIVE_LIMITS.compressedBytes) {
        await discard();
        const limit = `it is larger than ${ARCHIVE_LIMITS.compressedBytes} bytes`;
        throw new FluxDownloadError('TooLarge', `Cannot fetch artifact: ${limit}`);
      }
      return proven(body, { sha256: artifact.sha256, origin: url.origin });
    },
  };
}

async function* proven(
  body: AsyncIterable<Uint8Array>,
  { sha256, origin }: { readonly sha256: string; readonly origin: string },
): AsyncGenerator<Uint8Array, void, void> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of body) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    explain(error);
  }
  if (hash.digest('hex') !== sha256)
    throw new FluxDownloadError(
      'DigestMismatch',
      `Cannot accept artifact: ${origin} sent another one than the digest says`,
    );
}

function explain(error: unknown): never {
  if (error instanceof FetchError) throw new FluxDownloadError(error.code, error.message, { cause: error.cause });
  throw error;
}
