import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { ThrowawayDatabase } from '../../../hack/postgres/database.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import { HeadInMemory } from '../../memory-ledger/head-in-memory.ts';
import { createDatabase } from '../../support/postgres.ts';
import { openTestLedger } from './open.ts';
import { holdLock, sql } from './sql.ts';
import { ACTION, approved, consumption, consumptions, HASH, latest, NOTHING, ONE } from './stories.ts';

const isEmbedded = inject('postgres').kind === 'embedded';
const { signal } = new AbortController();
let database: ThrowawayDatabase;
let memory: HeadInMemory;
let ledger: Ledger;

beforeEach(async () => {
  database = await createDatabase();
  memory = new HeadInMemory();
  ledger = openTestLedger(database.url, { memory });
});
afterEach(async () => {
  await ledger.close();
  await database.drop();
});

const events = (): Promise<unknown> =>
  sql(database.url, 'SELECT event, actor FROM molecule.audit ORDER BY seq').then((rows) =>
    rows.map(({ event, actor }) => `${event} ${actor}`.trim()),
  );

describe('an approval', () => {
  it('is opened once by many who open it, with a nonce and an expiry that stay', async () => {
    const open = {
      kind: 'open',
      subjectUID: 'uid',
      action: ACTION,
      subject: 'Workspace acme/uid',
      ttlSeconds: 60,
    } as const;
    await Promise.all(Array.from({ length: 20 }, () => ledger.approve(open, signal)));
    const first = await latest(ledger, 'uid');
    await ledger.approve({ ...open, ttlSeconds: 9999 }, signal);
    expect(await latest(ledger, 'uid')).toEqual(first);
    expect(first).toMatchObject({ attempt: 1, state: 'Open', isExpired: false });
    expect(await events()).toEqual(['APPROVAL_REQUESTED']);
  });

  it('and an object are unknown under a text that no database takes, which is no fault of the ledger', async () => {
    expect(await ledger.readCase('uid\0', ACTION, signal)).toEqual({ askers: [] });
    expect(await ledger.readSnapshot('uid\0', signal)).toBeUndefined();
  });

  it('is used together with its operation, its members and the audit, and using it again changes nothing', async () => {
    const approval = await approved(ledger, 'uid');
    const effect = consumption(approval, 'uid');
    await ledger.approve(effect, signal);
    const used = await latest(ledger, 'uid');
    expect(used).toMatchObject({ state: 'Consumed', operationID: expect.any(String) });
    const rows = 'SELECT id, subject_uid, approval_id, detail FROM molecule.operations';
    expect(await sql(database.url, rows)).toEqual([
      { id: used.operationID, subject_uid: 'uid', approval_id: approval.id, detail: { volume: 'retained' } },
    ]);
    const told = [
      'DELETION_ASKED alice',
      'APPROVAL_REQUESTED alice',
      'APPROVAL_APPROVED bob',
      'APPROVAL_CONSUMED bob',
      'OPERATION_STARTED bob',
    ];
    expect(await events()).toEqual(told);
    await ledger.addAsker('uid', 'bob', signal);
    await ledger.approve({ ...effect, members: [], detail: {} }, signal);
    expect(await consumptions(database.url)).toEqual(ONE);
    expect(await latest(ledger, 'uid')).toEqual(used);
  });

  it('is used by one of many at once, and all of them find the same operation', async () => {
    const effect = consumption(await approved(ledger, 'uid'), 'uid');
    await Promise.all(Array.from({ length: 50 }, () => ledger.approve(effect, signal)));
    expect(await consumptions(database.url)).toEqual(ONE);
  });

  it('leaves nothing behind when it is refused', async () => {
    const approval = await approved(ledger, 'uid');
    await expect(ledger.approve({ ...consumption(approval, 'uid'), hash: 'other' }, signal)).rejects.toMatchObject({
      reason: 'ApprovalRefused',
    });
    const others = { ...consumption(approval, 'uid'), members: [{ uid: 'another', subject: 'another' }] };
    await expect(ledger.approve(others, signal)).rejects.toThrow(
      'Cannot consume the approval of Workspace acme/uid: it is not among the members of its own operation',
    );
    expect(await consumptions(database.url)).toEqual(NOTHING);
    await ledger.approve(consumption(approval, 'uid'), signal);
    expect(await consumptions(database.url)).toEqual(ONE);
  });

  it('ended: how it ended is not undone, not even by the owner of the table', async () => {
    const approval = await approved(ledger, 'uid');
    await ledger.approve(consumption(approval, 'uid'), signal);
    const undo = `UPDATE molecule.approvals SET state = 'Approved', operation_id = NULL, consumed_at = NULL`;
    await expect(sql(database.url, undo)).rejects.toThrow('the approval has ended');
  });

  it('resumes what was begun on the object before without one', async () => {
    await ledger.record({ action: ACTION, subjectUID: 'uid', subject: 'Workspace acme/uid', detail: {} }, signal);
    await ledger.approve(consumption(await approved(ledger, 'uid'), 'uid'), signal);
    expect(await consumptions(database.url)).toEqual(ONE);
  });

  it('covers what had not begun when its operation was closed no more', async () => {
    const effect = consumption(await approved(ledger, 'org'), 'org');
    const member = (uid: string) => ({ uid, subject: `Workspace acme/${uid}` });
    const members = [...effect.members, member('begun'), member('moved')];
    await ledger.approve({ ...effect, members }, signal);
    const { operationID = '' } = await latest(ledger, 'org');
    const intent = (subjectUID: string) => ({
      action: ACTION,
      subjectUID,
      subject: `Workspace acme/${subjectUID}`,
      detail: {},
      operationID,
    });
    await ledger.record(intent('begun'), signal);
    await ledger.conclude({ action: ACTION, subjectUID: 'org', result: {} }, signal);
    await ledger.record(intent('begun'), signal);
    await ledger.record(intent('org'), signal);
    await expect(ledger.record(intent('moved'), signal)).rejects.toThrow('it waits for one of its own');
  });

  it('covers what it lists and nothing else', async () => {
    const approval = await approved(ledger, 'org');
    const effect = consumption(approval, 'org');
    await ledger.approve(
      { ...effect, members: [...effect.members, { uid: 'child', subject: 'Workspace acme/child' }] },
      signal,
    );
    const { operationID = '' } = await latest(ledger, 'org');
    const intent = { action: ACTION, subjectUID: 'child', subject: 'Workspace acme/child', detail: {}, operationID };
    await ledger.record(intent, signal);
    await ledger.record({ ...intent, subjectUID: 'org' }, signal);
    const refused = 'No approval that was consumed covers Workspace acme/child; it waits for one of its own';
    for (const other of [{ subjectUID: 'stranger' }, { operationID: approval.id }, { operationID: 'break-glass' }])
      await expect(ledger.record({ ...intent, ...other }, signal)).rejects.toThrow(refused);
    expect(await sql(database.url, `SELECT parent_id FROM molecule.operations WHERE subject_uid = 'child'`)).toEqual([
      { parent_id: operationID },
    ]);
  });

  it('lets a volume be erased once its time is over by the clock of the database, and no other', async () => {
    const volumes = ['now', 'later', 'never'].map((name) => ({
      uid: name,
      subject: name,
      claimUID: `claim-${name}`,
      ...(name === 'never' ? {} : { retainSeconds: name === 'now' ? 0 : 3600 }),
    }));
    const effect = consumption(await approved(ledger, 'now'), 'now');
    await ledger.approve({ ...effect, members: volumes }, signal);
    const { operationID = '' } = await latest(ledger, 'now');
    const may = (claim: string, operation = operationID) => ledger.mayErase(operation, claim, signal);
    expect(await Promise.all(volumes.map(({ claimUID }) => may(claimUID)))).toEqual([true, false, false]);
    expect(await Promise.all([may('claim-other'), may('claim-now', 'break-glass'), may('claim-now', HASH)])).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('lets a volume go that lost its Workspace over a broken glass, under the operation it was told of afterwards', async () => {
    const member = { uid: 'uid', subject: 'Workspace acme/uid', claimUID: 'claim', retainSeconds: 0 };
    const may = () => ledger.mayErase('break-glass', 'claim', signal);
    const effect = consumption(await approved(ledger, 'uid'), 'uid');
    expect(await may()).toBe(false);
    await ledger.approve({ ...effect, members: [member], detail: { breakGlass: true } }, signal);
    expect(await may()).toBe(true);
    expect(await ledger.mayErase('break-glass', 'claim-other', signal)).toBe(false);
  });

  it('keeps an object as it was, letter by letter, and the first one stands', async () => {
    const metadata = { namespace: 'acme', name: 'w', uid: 'uid', annotations: { odd: '\u0000\ud800"é\u2028' } };
    const object = { apiVersion: 'v1', kind: 'Workspace', metadata, spec: { z: 1, a: [1.5, null] } };
    await ledger.approve({ kind: 'snapshot', subjectUID: 'uid', object }, signal);
    await ledger.approve({ kind: 'snapshot', subjectUID: 'uid', object: { ...object, kind: 'Other' } }, signal);
    const kept = await ledger.readSnapshot('uid', signal);
    expect(JSON.stringify(kept)).toBe(JSON.stringify(object));
    expect(await ledger.readSnapshot('nobody', signal)).toBeUndefined();
    expect(await events()).toEqual(['SNAPSHOT']);
  });
});

describe('what the cluster remembers', () => {
  it('is everything up to a consumption, before anybody goes on', async () => {
    await ledger.approve(consumption(await approved(ledger, 'uid'), 'uid'), signal);
    const [last] = await sql(database.url, `SELECT seq::int, encode(hash, 'hex') AS hash FROM molecule.audit_head`);
    expect(memory.head).toEqual(last);
    expect(last).toMatchObject({ seq: 5 });
  });

  it('stops a consumption in a ledger that does not have it, which is left as it is', async () => {
    const approval = await approved(ledger, 'uid');
    memory.head = { seq: 2, hash: 'ab'.repeat(32) };
    for (const call of [() => ledger.approve(consumption(approval, 'uid'), signal), () => ledger.prepare(signal)])
      await expect(call()).rejects.toMatchObject({ name: 'RefusedError', reason: 'LedgerFrozen' });
    expect(await consumptions(database.url)).toEqual(NOTHING);
    expect(memory.head).toEqual({ seq: 2, hash: 'ab'.repeat(32) });
    memory.head = undefined;
    await ledger.approve(consumption(approval, 'uid'), signal);
    expect(await consumptions(database.url)).toEqual(ONE);
  });

  it('has to be read: nothing is consumed while the cluster does not tell', async () => {
    const approval = await approved(ledger, 'uid');
    memory.failure = new Error('the apiserver is down');
    await expect(ledger.approve(consumption(approval, 'uid'), signal)).rejects.toThrow('the apiserver is down');
    expect(await consumptions(database.url)).toEqual(NOTHING);
  });
});

describe.skipIf(isEmbedded)('an approval that is kept waiting (not on the embedded Postgres)', () => {
  it('is refused when its approver turns out to have asked while it waited', async () => {
    const approval = await approved(ledger, 'uid');
    const other = await holdLock(database.url, 'SELECT 1 FROM molecule.approvals FOR UPDATE');
    const outcome = expect(ledger.approve(consumption(approval, 'uid'), signal)).rejects.toThrow(
      'Whoever approved the deletion has asked for it too',
    );
    const waiting = `SELECT 1 AS one FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    await expect.poll(() => sql(database.url, waiting), { timeout: 10_000 }).toHaveLength(1);
    await sql(database.url, `INSERT INTO molecule.askers (subject_uid, asker) VALUES ('uid', 'bob')`);
    await other.release();
    await outcome;
    expect(await consumptions(database.url)).toEqual(NOTHING);
  });
});
