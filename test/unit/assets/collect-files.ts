import type { ArchiveFile } from '../../../src/assets/archive/choose-files.ts';
import type { FileReceiver } from '../../../src/assets/archive/read-archive.ts';

/** Holds each file in memory and hands it on when it is whole. */
export function collectFiles(onFile: (file: ArchiveFile, body: Buffer) => void): FileReceiver {
  let current: { readonly file: ArchiveFile; readonly parts: Buffer[] } | undefined;
  return {
    begin: (file) => {
      current = { file, parts: [] };
    },
    take: (bytes) => {
      current?.parts.push(bytes);
    },
    end: () => {
      if (current !== undefined) onFile(current.file, Buffer.concat(current.parts));
      current = undefined;
    },
    drain: async () => undefined,
  };
}
