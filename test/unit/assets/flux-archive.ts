import { gzipSync } from 'node:zlib';
import { sha256Hex } from '../../../src/platform/digest.ts';
import type { Files } from '../materialize/fixture.ts';
import { END, entry, pax, type RawEntry, record, sealHeader } from './tar-builder.ts';

export interface FluxArchive {
  readonly bytes: Buffer;
  /** As status.artifact.digest has it. */
  readonly digest: string;
}

/** These files, by path, as source-controller packs what it checked out. */
export function fluxArchive(files: Files): FluxArchive {
  const bytes = gzipSync(fluxTar(files));
  return { bytes, digest: `sha256:${sha256Hex(bytes)}` };
}

/**
 * In the order in which Go walks a folder, which is itself the first entry; modes 0750, 0600 and 0700, folders without a
 * slash, no times and no owners. Go writes ustar, with the prefix where a name is long, and pax where it is not ASCII.
 */
export function fluxTar(files: Files): Buffer {
  const folders = new Set(Object.keys(files).flatMap(foldersOf));
  const entries = [...folders, ...Object.keys(files)].sort(asWalked).map((path) => {
    const file = files[path];
    if (file === undefined) return named(path, { type: '5', mode: '0000750' });
    const { body, mode } = typeof file === 'string' ? { body: file, mode: 0o644 } : file;
    return named(path, { body, mode: mode === 0o755 ? '0000700' : '0000600' });
  });
  return Buffer.concat([named('.', { type: '5', mode: '0000750' }), ...entries, END]);
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_part, index) => parts.slice(0, index + 1).join('/'));
}

/** A folder, then what is in it, by the bytes of the names. */
function asWalked(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a.replaceAll('/', '\0')), Buffer.from(b.replaceAll('/', '\0')));
}

function named(path: string, raw: Omit<RawEntry, 'name'>): Buffer {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what ASCII is
  const ascii = path.replace(/[^\x00-\x7f]/g, '');
  if (ascii !== path) {
    const at = ascii.lastIndexOf('/') + 1;
    const name = `${ascii.slice(0, at)}PaxHeaders.0/${ascii.slice(at)}`;
    const header = pax(record('path', path));
    header.fill(0, 0, 100).write(name, 'latin1');
    header.fill('0000000\0', 100, 108, 'latin1');
    return Buffer.concat([sealHeader(header), ustar({ ...raw, name: ascii })]);
  }
  const cut = path.length > 100 ? path.lastIndexOf('/', 155) : 0;
  if (cut === 0) return ustar({ ...raw, name: path });
  return ustar({ ...raw, name: path.slice(cut + 1), prefix: path.slice(0, cut) });
}

/** With numbers for a device, as Go has them everywhere but in headers of its own. */
function ustar(raw: RawEntry): Buffer {
  const block = entry(raw);
  block.write('0000000\0'.repeat(2), 329, 'latin1');
  return sealHeader(block);
}
