import * as z from 'zod';

/** What `materialize --kept` prints about a volume, and the plugin reads. */
export interface KeptList {
  /** By path. */
  readonly versions: readonly KeptVersion[];
  /** At least so many more lie there and are not listed: too many, or under names that nobody can have meant. */
  readonly omitted: number;
}

export interface KeptVersion {
  /** Where it was found, below the volume's root. */
  readonly path: string;
  /** Where it lies now. */
  readonly keptAt: string;
  readonly kept: Version;
  /** What lies at `path` now. */
  readonly present: Version;
}

export type Version =
  /** Without sha256 and content (base64) when it is too large to be shown. */
  | {
      readonly kind: 'file';
      readonly sizeBytes: number;
      readonly mode: number;
      readonly sha256?: string;
      readonly content?: string;
    }
  | { readonly kind: (typeof OTHER_KINDS)[number] };

const OTHER_KINDS = ['absent', 'directory', 'hidden', 'symlink', 'fifo', 'socket', 'device', 'unreadable'] as const;

const version = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('file'),
    sizeBytes: z.number(),
    mode: z.number(),
    sha256: z.string().exactOptional(),
    content: z.base64().exactOptional(),
  }),
  z.object({ kind: z.enum(OTHER_KINDS) }),
]);

const keptList = z.object({
  versions: z.array(z.object({ path: z.string(), keptAt: z.string(), kept: version, present: version })),
  omitted: z.number(),
});

/** @throws when it is none */
export function decodeKeptList(text: string): KeptList {
  return keptList.parse(JSON.parse(text));
}
