import { sha256Hex } from '../../platform/digest.ts';
import { field } from './fields.ts';
import type { ApprovalAction } from './record.ts';

export interface RequestIdentity {
  readonly action: ApprovalAction;
  /** uid of the target. */
  readonly uid: string;
  readonly attempt: number;
}

/** Enough of the hash that no two requests of a cluster meet, and short enough to be typed. */
const HASH_SHARE = 20;

/** The operator's name for one attempt: after a crash the same request is found and no second one made (AP-5). */
export function requestName(identity: RequestIdentity): string {
  return `apr-${share(identity)}`;
}

/** The name under which a person asks first; names that begin with `apr-` are the operator's. */
export function draftName(identity: RequestIdentity): string {
  return `ask-${share(identity)}`;
}

function share({ action, uid, attempt }: RequestIdentity): string {
  return sha256Hex([action, uid, String(attempt)].map(field).join('')).slice(0, HASH_SHARE);
}
