import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { hashRecord } from '../../rules/approval/record.ts';

/**
 * What speaks against the record of a request, in words; nothing when it is what the hash is over and is about what the request
 * says. Only the operator writes records; whoever looks at one need not believe that.
 */
export function objectionsTo({ metadata, spec }: ApprovalRequest): readonly string[] {
  const { record, hash, target, action, expiresAt } = spec;
  if (record === undefined) return [];
  const pairs: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['its hash', hash, hashRecord(record)],
    ['the action', action, record.action],
    ['the namespace', metadata.namespace, record.namespace],
    ['the group of the target', target.group, record.group],
    ['the kind of the target', target.kind, record.kind],
    ['the name of the target', target.name, record.name],
    ['the uid of the target', target.uid, record.uid],
    ['the expiry', expiresAt, record.expiresAt],
  ];
  return pairs.flatMap(([what, said, recorded]) => (said === recorded ? [] : [`${what} is not that of the record`]));
}
