import type { ForgeClient } from '../../../src/assets/fetch/forge.ts';

export interface ForgeCounts {
  resolves: number;
  downloads: number;
  /** Of archives. */
  bytes: number;
}

/** The same forge, with what is asked of it added to `counts`. */
export function countCalls(forge: ForgeClient, counts: ForgeCounts): ForgeClient {
  return {
    ...forge,
    resolve: (source, options) => {
      counts.resolves += 1;
      return forge.resolve(source, options);
    },
    download: async (source, commit, options) => {
      counts.downloads += 1;
      return counted(await forge.download(source, commit, options), counts);
    },
  };
}

async function* counted(
  archive: AsyncIterable<Uint8Array>,
  counts: ForgeCounts,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of archive) {
    counts.bytes += chunk.length;
    yield chunk;
  }
}
