import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pickPorts } from '../../../hack/lib/ports.ts';
import { openTestLedger } from './open.ts';
import { approved, consumption } from './stories.ts';

const { signal } = new AbortController();
let database: PGlite;
let server: PGLiteSocketServer;
let url: string;

beforeAll(async () => {
  const { pglite: port } = await pickPorts(['pglite']);
  database = await PGlite.create();
  server = new PGLiteSocketServer({ db: database, port, host: '127.0.0.1' });
  await server.start();
  url = `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`;
});
afterAll(async () => {
  await server.stop();
  await database.close();
});

describe('the ledger on an embedded Postgres that serves one connection', () => {
  it('migrates, records and concludes with a pool of one', async () => {
    const ledger = openTestLedger(url, { maxConnections: 1 });
    const intents = ['a', 'b', 'c', 'a'].map((subjectUID) => ({
      action: 'delete_workspace',
      subjectUID,
      subject: subjectUID,
      detail: {},
    }));
    await Promise.all(intents.map((intent) => ledger.record(intent, signal)));
    await ledger.conclude({ action: 'delete_workspace', subjectUID: 'a', result: { done: true } }, signal);
    await ledger.close();
    const { rows } = await database.query('SELECT subject_uid, result FROM molecule.operations ORDER BY subject_uid');
    expect(rows).toEqual([
      { subject_uid: 'a', result: { done: true } },
      { subject_uid: 'b', result: null },
      { subject_uid: 'c', result: null },
    ]);
  });

  it('approves and consumes with a pool of one, also after another process of the operator', async () => {
    const uids = ['one', 'two'];
    for (const uid of uids) {
      const ledger = openTestLedger(url, { maxConnections: 1 });
      // The one connection of the process before may not be free yet.
      const isPrepared = (): Promise<boolean> =>
        ledger.prepare(signal).then(
          () => true,
          () => false,
        );
      await expect.poll(isPrepared, { timeout: 10_000 }).toBe(true);
      const effect = consumption(await approved(ledger, uid), uid);
      await Promise.all([ledger.approve(effect, signal), ledger.approve(effect, signal)]);
      await ledger.close();
    }
    const { rows } = await database.query('SELECT event, count(*)::int AS n FROM molecule.audit GROUP BY 1 ORDER BY 1');
    expect(rows).toContainEqual({ event: 'APPROVAL_CONSUMED', n: 2 });
    expect(rows).toContainEqual({ event: 'OPERATION_STARTED', n: 5 });
  });
});
