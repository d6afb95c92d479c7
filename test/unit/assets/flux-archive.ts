import { gzipSync } from 'node:zlib';
import { sha256Hex } from '../../../src/platform/digest.ts';
import { END, entry } from './tar-builder.ts';

export interface FluxArchive {
  readonly bytes: Buffer;
  /** As status.artifact.digest has it. */
  readonly digest: string;
}

/** These files, by path, as Flux packs a source: no folder around them, folders without a slash, modes 0600 and 0750. */
export function fluxArchive(files: Readonly<Record<string, string>>): FluxArchive {
  const folders = new Set(
    Object.keys(files).flatMap((path) => (path.includes('/') ? [path.slice(0, path.lastIndexOf('/'))] : [])),
  );
  const bytes = gzipSync(
    Buffer.concat([
      ...['.', ...folders].map((name) => entry({ name, type: '5', mode: '0000750' })),
      ...Object.entries(files).map(([name, body]) => entry({ name, body, mode: '0000600' })),
      END,
    ]),
  );
  return { bytes, digest: `sha256:${sha256Hex(bytes)}` };
}
