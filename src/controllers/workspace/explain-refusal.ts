import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { type Finding, failing } from './finding.ts';

const QUOTA = /exceeded quota: (?<quota>[^,]+), requested: (?<requested>.+), used: .+, limited: (?<limited>.+)$/;

/** Why the apiserver would not make a Pod or a volume. Of a quota's words what is used at the moment is left out, because it changes by itself. */
export function explainRefusal(words: string): Finding {
  const { quota, requested, limited } = QUOTA.exec(words)?.groups ?? {};
  if (quota === undefined) return failing(REASONS.createFailed, words);
  const message = `The ResourceQuota "${quota}" has no room: asked for ${requested}, limited to ${limited}; raise it, or remove something else from the namespace`;
  return failing(REASONS.quotaExceeded, message);
}
