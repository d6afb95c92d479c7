/**
 * A database of its own for a test file, from the one PostgreSQL that global-setup.ts started:
 *
 *   const database = await createDatabase();
 *   afterAll(() => database.drop());
 *   …connect to database.url; it is empty, and the user may do everything in it
 */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabase as createNamed, type ThrowawayDatabase } from '../../hack/postgres/database.ts';
import type { PostgresAccess } from '../../hack/postgres/start.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: PostgresAccess;
  }
}

/** An empty database with a unique name. */
export async function createDatabase(): Promise<ThrowawayDatabase> {
  return createNamed(inject('postgres'), `test_${randomBytes(5).toString('hex')}`);
}
