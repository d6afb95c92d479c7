import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { type Finding, failing } from './finding.ts';

const QUOTA = /exceeded quota: (?<quota>[^,]+), requested: (?<requested>.+), used: .+, limited: (?<limited>.+)$/;

/** Why the apiserver would not make a Pod or a volume. Of a quota's words what is used at the moment is left out, because it changes by itself. */
export function explainRefusal(words: string): Finding {
  const { quota, requested, limited } = QUOTA.exec(words)?.groups ?? {};
  if (quota === undefined) return failing(REASONS.createFailed, words);
  const message = `The ResourceQuota "${quota}" has no room for ${requested} within ${limited}; see what uses it with kubectl describe quota ${quota}, then raise it or remove something`;
  return failing(REASONS.quotaExceeded, message);
}
