import type { ApprovalCase, Ledger } from '../../../src/ledger/port.ts';
import type { ApprovalEffect, OperationMember } from '../../../src/runtime/plan.ts';
import { sql } from './sql.ts';

export const ACTION = 'delete_workspace';
export const HASH = 'ab'.repeat(32);
const { signal } = new AbortController();

/** An approval of the deletion of this object, by bob, at the request of alice. */
export async function approved(ledger: Ledger, uid: string): Promise<ApprovalCase> {
  const subject = `Workspace acme/${uid}`;
  const open = { kind: 'open', subjectUID: uid, action: ACTION, subject, ttlSeconds: 3600, asker: 'alice' } as const;
  await ledger.approve(open, signal);
  const opened = await latest(ledger, uid);
  await ledger.approve({ kind: 'bind', approvalID: opened.id, hash: HASH }, signal);
  await ledger.approve({ kind: 'decide', approvalID: opened.id, verdict: 'Approved', hash: HASH, by: 'bob' }, signal);
  return latest(ledger, uid);
}

export async function latest(ledger: Ledger, uid: string): Promise<ApprovalCase> {
  const file = await ledger.readCase(uid, ACTION, signal);
  if (file.latest === undefined) throw new Error(`Nobody asked for an approval of ${uid}`);
  return file.latest;
}

export function consumption(
  { id }: ApprovalCase,
  uid: string,
  member: Partial<OperationMember> = {},
): Extract<ApprovalEffect, { kind: 'consume' }> {
  const members = [{ uid, subject: `Workspace acme/${uid}`, claimUID: `claim-${uid}`, ...member }];
  return { kind: 'consume', approvalID: id, hash: HASH, members, detail: { volume: 'retained' } };
}

/** How many rows tell that something was consumed; all four are one and the same transaction. */
export async function consumptions(url: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const [counts] = await sql(
    url,
    `SELECT (SELECT count(*)::int FROM molecule.approvals WHERE state = 'Consumed') AS approvals,
            (SELECT count(*)::int FROM molecule.operations) AS operations,
            (SELECT count(*)::int FROM molecule.operation_members) AS members,
            (SELECT count(*)::int FROM molecule.audit WHERE event = 'APPROVAL_CONSUMED') AS told`,
  );
  return counts;
}

export const NOTHING = { approvals: 0, operations: 0, members: 0, told: 0 };
export const ONE = { approvals: 1, operations: 1, members: 1, told: 1 };
