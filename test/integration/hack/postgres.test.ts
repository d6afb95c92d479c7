import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { startEmbedded } from '../../../hack/postgres/embedded.ts';
import { controlPlane } from '../../support/control-plane.ts';
import { createDatabase } from '../../support/postgres.ts';

describe('PostgreSQL for tests', () => {
  it('gives each test file a database that others do not see', async () => {
    const [one, other] = await Promise.all([createDatabase(), createDatabase()]);
    await query(one.url, 'CREATE TABLE mine (id int)');
    await expect(query(other.url, 'SELECT * FROM mine')).rejects.toThrow('relation "mine" does not exist');
    await Promise.all([one.drop(), other.drop()]);
    await expect(query(one.url, 'SELECT 1')).rejects.toThrow();
  });

  it('answers several clients at once where it is embedded', async () => {
    const dir = await mkdtemp(join(controlPlane().dir, 'embedded-'));
    const embedded = await startEmbedded({ dir });
    try {
      await query(embedded.access.url, 'CREATE TABLE counted (id int)');
      const inserts = [1, 2, 3].map((id) => query(embedded.access.url, `INSERT INTO counted VALUES (${id})`));
      await Promise.all(inserts);
      expect(await query(embedded.access.url, 'SELECT count(*)::int AS n FROM counted')).toEqual([{ n: 3 }]);
    } finally {
      await embedded.remove();
    }
  });
});

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
