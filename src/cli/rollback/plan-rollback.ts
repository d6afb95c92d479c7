import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';

/** The word for the revision before the present one. */
export const PREVIOUS = 'previous';

export type RollbackPlan =
  /** Both are values of spec.source.ref. */
  | { readonly kind: 'pin'; readonly before: string; readonly after: string }
  /** `message`: why, and what to do instead. */
  | { readonly kind: 'refused'; readonly message: string };

const COMMIT = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
/** Fewer would be met by other commits soon. */
const LEAST_DIGITS = 4;
const SHOWN_DIGITS = 12;

/** Which commit is meant. A whole one is taken as it is: the forge knows more of them than the history. */
export function planRollback({ spec, status }: TemplateAsset, to: string): RollbackPlan {
  const { source, artifactRef, verify } = spec;
  if (source === undefined)
    return refused(
      `its files come from ${artifactRef?.kind} ${artifactRef?.name} of Flux, which decides about the revision; change spec.ref there`,
    );
  const revisions = [...new Set((status?.history ?? []).map(({ revision }) => revision))];
  const found = to === PREVIOUS ? findPrevious(revisions, status?.artifact?.revision) : findCommit(revisions, to);
  if (typeof found !== 'string') return found;
  if (verify?.commit !== undefined && verify.commit !== found)
    return refused(
      `spec.verify.commit allows ${verify.commit} alone, so that nothing else would be taken; set it to ${found} together with spec.source.ref, or remove it`,
    );
  return { kind: 'pin', before: source.ref, after: found };
}

type Found = string | Extract<RollbackPlan, { readonly kind: 'refused' }>;

function findPrevious(revisions: readonly string[], live: string | undefined): Found {
  const previous = revisions.find((revision) => revision !== live);
  return previous ?? refused('status.history has no revision but the present one; name a whole commit of 40 digits');
}

function findCommit(revisions: readonly string[], to: string): Found {
  const wanted = to.toLowerCase();
  if (COMMIT.test(wanted)) return wanted;
  if (!/^[0-9a-f]+$/.test(wanted) || wanted.length < LEAST_DIGITS)
    return refused(
      `--to is no commit: write ${LEAST_DIGITS} or more of its digits, all 40, or ${PREVIOUS}${known(revisions)}`,
    );
  const matches = revisions.filter((revision) => revision.startsWith(wanted));
  if (matches.length > 1) return refused(`${wanted} is the beginning of several; write more of it${known(matches)}`);
  return (
    matches[0] ??
    refused(`status.history has no revision that begins with ${wanted}; write all 40 digits${known(revisions)}`)
  );
}

function known(revisions: readonly string[]): string {
  if (revisions.length === 0) return '; it knows none yet';
  return `; it knows ${revisions.map((revision) => revision.slice(0, SHOWN_DIGITS)).join(', ')}`;
}

function refused(message: string): Extract<RollbackPlan, { readonly kind: 'refused' }> {
  return { kind: 'refused', message };
}
