import { Client } from 'pg';

/** The rows of one statement, on a connection of its own. */
export async function sql(url: string, statement: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = await connect(url);
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** A session that keeps a lock until it is ended. */
export async function holdLock(url: string, statement: string): Promise<{ release(): Promise<void> }> {
  const client = await connect(url);
  // A server that goes down ends it first.
  client.on('error', () => undefined);
  await client.query(`BEGIN; ${statement}`);
  return { release: () => client.end() };
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}
