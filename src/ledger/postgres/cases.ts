import { BREAK_GLASS_OPERATION } from '../../apis/v1alpha1/names.ts';
import type { KubeObject } from '../../kube/objects.ts';
import type { ApprovalState, CaseFile } from '../port.ts';
import { textOrNull, uuidOrNull } from './parameters.ts';
import { type Database, query } from './query.ts';

export async function readCase(
  database: Database,
  subjectUID: string,
  action: string,
  signal: AbortSignal,
): Promise<CaseFile> {
  const { rows } = await query(database, { text: CASE, values: [textOrNull(subjectUID), action] }, signal);
  const [row] = rows as readonly CaseRow[];
  const askers = (row?.askers ?? []).toSorted();
  if (row === undefined || row.id === null) return { askers };
  return {
    askers,
    latest: {
      id: row.id,
      attempt: row.attempt,
      state: row.state,
      nonce: row.nonce,
      expiresAt: row.expires_at,
      isExpired: row.is_expired,
      ...(row.hash === null ? {} : { hash: row.hash }),
      ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
      ...(row.operation_id === null ? {} : { operationID: row.operation_id }),
    },
  };
}

export async function readSnapshot(
  database: Database,
  subjectUID: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const { rows } = await query(database, { text: SNAPSHOT, values: [textOrNull(subjectUID)] }, signal);
  // The decoding edge: only `keepSnapshot` writes it.
  return (rows as readonly { readonly object: KubeObject }[])[0]?.object;
}

export async function mayErase(
  database: Database,
  operationID: string,
  claimUID: string,
  signal: AbortSignal,
): Promise<boolean> {
  const values = [uuidOrNull(operationID), claimUID, String(operationID === BREAK_GLASS_OPERATION)];
  const { rowCount } = await query(database, { text: MAY_ERASE, values }, signal);
  return (rowCount ?? 0) > 0;
}

type CaseRow = { readonly askers: readonly string[] } & (
  | { readonly id: null }
  | {
      readonly id: string;
      readonly attempt: number;
      readonly state: ApprovalState;
      readonly nonce: string;
      readonly expires_at: string;
      readonly is_expired: boolean;
      readonly hash: string | null;
      readonly decided_by: string | null;
      readonly operation_id: string | null;
    }
);

const CASE = `
  SELECT asked.askers, latest.id, attempt, state, nonce, hash, decided_by, operation_id,
    to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS expires_at,
    expires_at <= clock_timestamp() AS is_expired
  FROM (SELECT coalesce(json_agg(asker), '[]') AS askers FROM molecule.askers WHERE subject_uid = $1) AS asked
  LEFT JOIN (
    SELECT * FROM molecule.approvals WHERE subject_uid = $1 AND action = $2 ORDER BY attempt DESC LIMIT 1
  ) AS latest ON true`;

const SNAPSHOT = 'SELECT object FROM molecule.snapshots WHERE subject_uid = $1';

/** What went while the ledger was dead has a volume that could not be told the id of its operation. */
const MAY_ERASE = `
  SELECT 1 FROM molecule.operation_members AS member JOIN molecule.operations AS operation ON operation.id = member.operation_id
  WHERE member.claim_uid = $2 AND member.erase_after <= clock_timestamp()
    AND (operation.id = $1::uuid OR $3::boolean AND operation.detail->'breakGlass' = 'true')`;
