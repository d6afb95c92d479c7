import { Client } from 'pg';
import type { KubeObject } from '../../src/kube/objects.ts';

/** How many operations the ledger knows on these objects: as long as they must stay there is none. */
export async function countConsumed(url: string, objects: ReadonlyMap<string, KubeObject>): Promise<number> {
  const uids = [...objects.values()].map(({ metadata }) => metadata.uid);
  const [row] = await query<{ readonly count: string }>(
    url,
    'SELECT count(*) AS count FROM molecule.operations WHERE subject_uid = ANY($1)',
    [uids],
  );
  return Number(row?.count);
}

/** One statement as the owner of the database, who may do everything there. */
export async function query<T>(url: string, sql: string, values: readonly unknown[] = []): Promise<readonly T[]> {
  const client = new Client({ connectionString: url });
  // Errors of an idle connection arrive here as well as in the query's promise; one that nobody hears ends the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    // Only whoever wrote the statement knows its columns.
    return (await client.query(sql, [...values])).rows as readonly T[];
  } finally {
    await client.end();
  }
}
