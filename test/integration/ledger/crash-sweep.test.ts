import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type RunningPostgres, startPostgres } from '../../../hack/postgres/start.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import { HeadInMemory } from '../../memory-ledger/head-in-memory.ts';
import { openTestLedger } from './open.ts';
import { sql } from './sql.ts';
import { ACTION, consumption, HASH, latest } from './stories.ts';
import { wire } from './wire.ts';

/** One call, of a ledger that may be cut off meanwhile; what it needs to know is read from one that is not. */
type Call = (ledger: Ledger, known: Ledger, uid: string) => Promise<void>;

const isEmbedded = inject('postgres').kind === 'embedded';
const { signal } = new AbortController();
const memory = new HeadInMemory();
let server: RunningPostgres;
let ledger: Ledger;

const subjectOf = (uid: string): string => `Workspace acme/${uid}`;

const open: Call = (to, _known, uid) =>
  to.approve(
    { kind: 'open', subjectUID: uid, action: ACTION, subject: subjectOf(uid), ttlSeconds: 3600, asker: 'alice' },
    signal,
  );

const bind: Call = async (to, known, uid) => {
  const { id } = await latest(known, uid);
  await to.approve({ kind: 'bind', approvalID: id, hash: HASH }, signal);
};

const decide =
  (verdict: 'Approved' | 'Denied'): Call =>
  async (to, known, uid) => {
    const { id } = await latest(known, uid);
    await to.approve({ kind: 'decide', approvalID: id, verdict, hash: HASH, by: 'bob' }, signal);
  };

const consume: Call = async (to, known, uid) => to.approve(consumption(await latest(known, uid), uid), signal);

const record: Call = async (to, known, uid) => {
  const { operationID = '' } = await latest(known, uid);
  await to.record({ subjectUID: uid, action: ACTION, subject: subjectOf(uid), detail: {}, operationID }, signal);
};

const conclude: Call = (to, _known, uid) => to.conclude({ subjectUID: uid, action: ACTION, result: {} }, signal);

const close: Call = async (to, known, uid) => {
  const { id } = await latest(known, uid);
  await to.approve({ kind: 'close', approvalID: id, as: 'Superseded' }, signal);
};

const snapshot: Call = (to, _known, uid) => {
  const object = { apiVersion: 'v1', kind: 'Workspace', metadata: { namespace: 'acme', name: uid, uid } };
  return to.approve({ kind: 'snapshot', subjectUID: uid, object }, signal);
};

const LIVES: Readonly<Record<string, readonly Call[]>> = {
  'a yes': [open, bind, decide('Approved'), consume, record, conclude],
  'a no': [open, bind, decide('Denied'), snapshot],
  'a question that is asked anew': [open, bind, close, open],
};

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ledger-sweep-'));
  server = await startPostgres({ dir });
  ledger = openTestLedger(server.access.url, { memory });
  await ledger.prepare(signal);
});
afterAll(async () => {
  await ledger.close();
  await server.remove();
});

async function live(calls: readonly Call[], uid: string): Promise<void> {
  for (const call of calls) await call(ledger, ledger, uid);
}

/** Everything that the ledger has of one object, but for times, and for what it draws. */
async function rowsOf(uid: string): Promise<unknown> {
  const rows = await sql(
    server.access.url,
    `SELECT (SELECT json_agg(json_build_array(attempt, state, hash, decided_by, operation_id IS NOT NULL) ORDER BY attempt)
               FROM molecule.approvals WHERE subject_uid = '${uid}') AS approvals,
            (SELECT json_agg(json_build_array(action, approval_id IS NOT NULL, parent_id IS NOT NULL, result))
               FROM molecule.operations WHERE subject_uid = '${uid}') AS operations,
            (SELECT count(*)::int FROM molecule.operation_members WHERE uid = '${uid}') AS members,
            (SELECT count(*)::int FROM molecule.askers WHERE subject_uid = '${uid}') AS askers,
            (SELECT count(*)::int FROM molecule.snapshots WHERE subject_uid = '${uid}') AS snapshots,
            (SELECT json_agg(json_build_array(event, actor) ORDER BY seq)
               FROM molecule.audit WHERE subject_uid = '${uid}') AS audit`,
  );
  return rows[0];
}

describe.skipIf(isEmbedded).each(Object.entries(LIVES))(
  '%s (on a server of its own, not the embedded Postgres)',
  (life, calls) => {
    it.each(['before', 'after'] as const)(
      'has one end, whichever message of whichever call the connection is lost at, %s it arrives, if the call is repeated',
      async (where) => {
        const { url, cutLater } = await wire(server.access.url);
        const through = openTestLedger(url, { memory, maxConnections: 1 });
        for (const [index, call] of calls.entries()) {
          const name = `${life} ${where} ${index}`.replaceAll(' ', '-');
          await live(calls.slice(0, index), `${name}-whole`);
          const before = await rowsOf(`${name}-whole`);
          await call(ledger, ledger, `${name}-whole`);
          const after = await rowsOf(`${name}-whole`);
          let cuts = 0;
          for (let isCut = true; isCut; cuts += 1) {
            const uid = `${name}-${cuts}`;
            await live(calls.slice(0, index), uid);
            await through.readCase(uid, ACTION, signal);
            const wasCut = cutLater(cuts, where);
            const outcome = await call(through, ledger, uid).then(
              () => 'done',
              (error: unknown) => error,
            );
            isCut = wasCut();
            if (isCut) expect(outcome, uid).toBeInstanceOf(LedgerUnavailableError);
            else expect(outcome, uid).toBe('done');
            expect([before, after], uid).toContainEqual(await rowsOf(uid));
            await call(through, ledger, uid);
            expect(await rowsOf(uid), uid).toEqual(after);
          }
          // A transaction alone has more than three messages.
          expect(cuts, name).toBeGreaterThan(3);
        }
        await through.close();
      },
      60_000,
    );
  },
);
