import type { ObservedMeta } from './observed.ts';

/** Names of ours and their values; null: it must not be there. */
type Owned = Readonly<Record<string, string | null>>;

export interface OwnedMetadata {
  readonly labels: Owned;
  readonly annotations: Owned;
}

/** The patch that puts our labels and annotations back where somebody changed, removed or made them up; those of others are left alone. */
export function healMetadata(observed: ObservedMeta, wanted: OwnedMetadata): Partial<OwnedMetadata> | undefined {
  const labels = differing(observed.labels, wanted.labels);
  const annotations = differing(observed.annotations, wanted.annotations);
  if (labels === undefined && annotations === undefined) return undefined;
  return { ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) };
}

function differing(observed: Readonly<Record<string, string>> = {}, wanted: Owned): Owned | undefined {
  const entries = Object.entries(wanted).filter(([name, value]) => (observed[name] ?? null) !== value);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
