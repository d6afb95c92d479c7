import type { Claim, Holders, Release } from '../port.ts';
import { type Database, query } from './query.ts';

export async function readHolders(database: Database, signal: AbortSignal): Promise<Holders> {
  const { rows } = await query(database, { text: READ_ALL, values: [] }, signal);
  return holdersOf(rows);
}

/**
 * Guarantee: when this returns, each id has a holder, which is one of those who claimed it. A holder that is known to be gone is
 * succeeded only while it is still that very one, so that of two successors one wins.
 */
export async function claimIdentities(
  database: Database,
  claims: readonly Claim[],
  signal: AbortSignal,
): Promise<Holders> {
  const wanted = claims.map(({ id, holderKind, holderUID, holder, deadHolderUID }) => ({
    id,
    kind: holderKind,
    holder_uid: holderUID,
    holder,
    dead_holder_uid: deadHolderUID ?? null,
  }));
  await query(database, { text: CLAIM, values: [JSON.stringify(wanted)] }, signal);
  // A statement of its own: the first one does not see what others committed while it waited for them.
  const ids = JSON.stringify(claims.map(({ id }) => id));
  const { rows } = await query(database, { text: READ_BACK, values: [ids] }, signal);
  return holdersOf(rows);
}

export async function releaseIdentities(
  database: Database,
  releases: readonly Release[],
  signal: AbortSignal,
): Promise<void> {
  const freed = releases.map(({ id, holderUID }) => ({ id, holder_uid: holderUID }));
  await query(database, { text: RELEASE, values: [JSON.stringify(freed)] }, signal);
}

/** The decoding edge: both columns are text and never null. Most ids are their holder's uid; one string is kept of those. */
function holdersOf(rows: readonly unknown[]): Holders {
  return new Map(
    (rows as readonly { readonly id: string; readonly holder_uid: string }[]).map(({ id, holder_uid: uid }) => [
      id,
      uid === id ? id : uid,
    ]),
  );
}

const READ_ALL = 'SELECT id, holder_uid FROM molecule.identities';

const READ_BACK = `
  SELECT id, holder_uid FROM molecule.identities
  WHERE id IN (SELECT jsonb_array_elements_text($1::jsonb))`;

/** In the order of the ids, so that two processes never wait for each other in a circle. */
const CLAIM = `
  INSERT INTO molecule.identities AS known (id, kind, holder_uid, holder)
  SELECT id, kind, holder_uid, holder
  FROM jsonb_to_recordset($1::jsonb) AS wanted (id text, kind text, holder_uid text, holder text)
  ORDER BY id
  ON CONFLICT ON CONSTRAINT identities_pkey DO UPDATE
  SET kind = excluded.kind, holder_uid = excluded.holder_uid, holder = excluded.holder, claimed_at = now()
  WHERE known.holder_uid = (
    SELECT dead_holder_uid
    FROM jsonb_to_recordset($1::jsonb) AS wanted (id text, dead_holder_uid text)
    WHERE wanted.id = known.id
  )`;

const RELEASE = `
  DELETE FROM molecule.identities AS known
  USING jsonb_to_recordset($1::jsonb) AS freed (id text, holder_uid text)
  WHERE known.id = freed.id AND known.holder_uid = freed.holder_uid`;
