import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ThrowawayDatabase } from '../../../hack/postgres/database.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import type { Ledger } from '../../../src/ledger/port.ts';
import { RefusedError } from '../../../src/runtime/classify.ts';
import type { ApprovalEffect } from '../../../src/runtime/plan.ts';
import { MemoryLedger } from '../../memory-ledger/memory-ledger.ts';
import { createDatabase } from '../../support/postgres.ts';
import { openTestLedger } from './open.ts';
import { sql } from './sql.ts';

const ACTION = 'delete_workspace';
const UIDS = ['uid-a', 'uid-b'];
const NOBODY = '00000000-0000-4000-8000-000000000000';
const { signal } = new AbortController();
let database: ThrowawayDatabase;
let postgres: Ledger;

beforeEach(async () => {
  database = await createDatabase();
  postgres = openTestLedger(database.url);
});
afterEach(async () => {
  await postgres.close();
  await database.drop();
});

/** A call on one object. Its ids are found when it is made, because each ledger draws its own. */
interface Call {
  readonly title: string;
  readonly uid: string;
  carryOut(ledger: Ledger, ids: Ids): Promise<unknown>;
}

interface Ids {
  readonly approvalID: string;
  readonly operationID: string;
}

/** Of the latest attempt on this object; somebody's whom nobody knows when there is none. */
async function idsOf(ledger: Ledger, uid: string): Promise<Ids> {
  const { latest } = await ledger.readCase(uid, ACTION, signal);
  return { approvalID: latest?.id ?? NOBODY, operationID: latest?.operationID ?? NOBODY };
}

function approving(title: string, uid: string, effectOf: (approvalID: string) => ApprovalEffect): Call {
  return {
    title: `${title} ${uid}`,
    uid,
    carryOut: (ledger, { approvalID }) => ledger.approve(effectOf(approvalID), signal),
  };
}

function open(uid: string, ttlSeconds: number, asker: string | undefined): Call {
  const subject = `Workspace acme/${uid}`;
  const opening = { kind: 'open', subjectUID: uid, action: ACTION, subject, ttlSeconds } as const;
  return approving(`open for ${ttlSeconds} s, asked by ${asker},`, uid, () =>
    asker === undefined ? opening : { ...opening, asker },
  );
}

function bind(uid: string, hash: string): Call {
  return approving(`bind to ${hash}`, uid, (approvalID) => ({ kind: 'bind', approvalID, hash }));
}

function decide(uid: string, hash: string, verdict: 'Approved' | 'Denied', by: string): Call {
  return approving(`${verdict} by ${by} with ${hash}`, uid, (approvalID) => ({
    kind: 'decide',
    approvalID,
    verdict,
    hash,
    by,
  }));
}

function consume(uid: string, hash: string, uids: readonly string[]): Call {
  const members = uids.map((member, index) => ({
    uid: member,
    subject: member,
    claimUID: `claim-of-${member}`,
    ...(index === 0 ? { retainSeconds: 0 } : {}),
  }));
  const detail = { lost: uids };
  return approving(`consume with ${hash} for ${uids}`, uid, (approvalID) => ({
    kind: 'consume',
    approvalID,
    hash,
    members,
    detail,
  }));
}

function record(uid: string, subjectUID: string, isCovered: boolean): Call {
  const intent = { action: ACTION, subjectUID, subject: `Workspace acme/${subjectUID}`, detail: { isCovered } };
  return {
    title: `record ${subjectUID}${isCovered ? ` under the operation on ${uid}` : ''}`,
    uid,
    carryOut: (ledger, { operationID }) => ledger.record(isCovered ? { ...intent, operationID } : intent, signal),
  };
}

function close(uid: string, as: 'Expired' | 'Superseded' | 'Withdrawn'): Call {
  return approving(`close as ${as}`, uid, (approvalID) => ({ kind: 'close', approvalID, as }));
}

function keep(uid: string, spec: string): Call {
  return approving(`keep ${spec} of`, uid, () => ({
    kind: 'snapshot',
    subjectUID: uid,
    object: snapshotOf(uid, spec),
  }));
}

function conclude(uid: string): Call {
  return {
    title: `conclude ${uid}`,
    uid,
    carryOut: (ledger) => ledger.conclude({ action: ACTION, subjectUID: uid, result: { gone: true } }, signal),
  };
}

const uidOf = fc.constantFrom(...UIDS);
const userOf = fc.constantFrom('alice', 'bob', 'carol');
const hashOf = fc.constantFrom('hash-1', 'hash-2');
const membersOf = fc.constantFrom(['uid-a'], ['uid-b'], UIDS, ['child']);
const snapshotOf = (uid: string, spec: string): KubeObject & { readonly spec: string } => ({
  apiVersion: 'moleculesai.app/v1alpha1',
  kind: 'Workspace',
  metadata: { namespace: 'acme', name: 'writer', uid, annotations: { odd: '\u0000 "é' } },
  spec,
});

const callOf: fc.Arbitrary<Call> = fc.oneof(
  fc
    .tuple(uidOf, fc.constantFrom(3600, -10), fc.option(userOf, { nil: undefined }))
    .map(([uid, ttlSeconds, asker]) => open(uid, ttlSeconds, asker)),
  fc.tuple(uidOf, hashOf).map(([uid, hash]) => bind(uid, hash)),
  fc
    .tuple(uidOf, hashOf, fc.constantFrom('Approved' as const, 'Denied' as const), userOf)
    .map(([uid, hash, verdict, by]) => decide(uid, hash, verdict, by)),
  fc.tuple(uidOf, hashOf, membersOf).map(([uid, hash, uids]) => consume(uid, hash, uids)),
  fc
    .tuple(uidOf, fc.constantFrom('Expired' as const, 'Superseded' as const, 'Withdrawn' as const))
    .map(([uid, as]) => close(uid, as)),
  fc.tuple(uidOf, fc.constantFrom('one', 'two')).map(([uid, spec]) => keep(uid, spec)),
  fc.tuple(uidOf, userOf).map(([uid, asker]) => ({
    title: `${asker} asks for ${uid}`,
    uid,
    carryOut: (ledger: Ledger) => ledger.addAsker(uid, asker, signal),
  })),
  fc
    .tuple(uidOf, fc.constantFrom(...UIDS, 'child'), fc.boolean())
    .map(([uid, subjectUID, isCovered]) => record(uid, subjectUID, isCovered)),
  uidOf.map(conclude),
  fc.tuple(uidOf, uidOf).map(([uid, claim]) => ({
    title: `ask whether the volume of ${claim} may be erased under the operation on ${uid}`,
    uid,
    carryOut: (ledger: Ledger, { operationID }: Ids) => ledger.mayErase(operationID, `claim-of-${claim}`, signal),
  })),
);

/** The way that an approval goes, which calls in any order would hardly ever find; others come in between. */
const storyOf: fc.Arbitrary<readonly Call[]> = fc
  .tuple(uidOf, userOf, membersOf, fc.constantFrom('Approved' as const, 'Approved' as const, 'Denied' as const))
  .map(([uid, by, uids, verdict]) => [
    open(uid, 3600, 'alice'),
    bind(uid, 'hash-1'),
    decide(uid, 'hash-1', verdict, by),
    consume(uid, 'hash-1', uids),
    record(uid, 'uid-b', true),
  ]);

/** Everything that can be told, told once. */
const EVERYTHING: readonly Call[] = [
  open('uid-a', -10, 'alice'),
  close('uid-a', 'Expired'),
  open('uid-a', 3600, 'alice'),
  bind('uid-a', 'hash-1'),
  decide('uid-a', 'hash-1', 'Denied', 'bob'),
  keep('uid-a', 'one'),
  open('uid-a', 3600, undefined),
  close('uid-a', 'Withdrawn'),
  open('uid-a', 3600, undefined),
  bind('uid-a', 'hash-2'),
  decide('uid-a', 'hash-2', 'Approved', 'bob'),
  consume('uid-a', 'hash-2', UIDS),
  record('uid-a', 'uid-b', true),
  conclude('uid-b'),
  conclude('uid-a'),
];

const callsOf: fc.Arbitrary<readonly Call[]> = fc
  .array(fc.oneof(storyOf, ...Array.from({ length: 3 }, () => callOf.map((call) => [call]))), {
    minLength: 8,
    maxLength: 20,
    size: 'max',
  })
  .map((chapters) => chapters.flat());

/** What a call ended with, and what is known then; without what is drawn. */
async function answerOf(ledger: Ledger, { uid, carryOut }: Call): Promise<unknown> {
  const ids = await idsOf(ledger, uid);
  const answer = await carryOut(ledger, ids).catch((error: unknown) =>
    error instanceof RefusedError ? `${error.reason}: ${error.message}` : String(error),
  );
  const cases = await Promise.all(
    UIDS.map(async (subjectUID) => {
      const { askers, latest } = await ledger.readCase(subjectUID, ACTION, signal);
      if (latest === undefined) return { askers };
      const { id: _id, nonce, expiresAt, operationID, ...told } = latest;
      expect(nonce).toMatch(/^[0-9a-f]{32}$/);
      expect(expiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      return { askers, ...told, isConsumed: operationID !== undefined };
    }),
  );
  const snapshots = await Promise.all(UIDS.map((subjectUID) => ledger.readSnapshot(subjectUID, signal)));
  return { answer, cases, snapshots };
}

function withoutIDs(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID'));
}

const EVERY_EVENT = [
  'APPROVAL_APPROVED',
  'APPROVAL_CONSUMED',
  'APPROVAL_DENIED',
  'APPROVAL_EXPIRED',
  'APPROVAL_REQUESTED',
  'APPROVAL_WITHDRAWN',
  'DELETION_ASKED',
  'OPERATION_CONCLUDED',
  'OPERATION_STARTED',
  'SNAPSHOT',
];

it('Postgres and the ledger in memory answer any calls alike, and keep the same', async () => {
  const seen = new Set<string>();
  const property = fc.asyncProperty(callsOf, async (calls) => {
    await sql(database.url, 'DROP SCHEMA IF EXISTS molecule CASCADE');
    await postgres.close();
    postgres = openTestLedger(database.url);
    const memory = new MemoryLedger({ now: () => new Date() });
    for (const call of calls) {
      const answers = [await answerOf(postgres, call), await answerOf(memory, call)];
      expect(answers[0], call.title).toEqual(answers[1]);
    }
    expect(await sql(database.url, 'SELECT count(*)::int AS n FROM molecule.operation_members')).toEqual([
      { n: memory.operations.flatMap(({ members }) => members).length },
    ]);
    const kept = await sql(
      database.url,
      `SELECT subject_uid AS "subjectUID", subject, detail, approval_id IS NOT NULL AS approved, parent_id IS NOT NULL AS covered, result
       FROM molecule.operations ORDER BY subject_uid`,
    );
    expect(kept).toEqual(
      memory.operations
        .map(({ subjectUID, subject, detail, approvalID, parentID, result = null }) => ({
          subjectUID,
          subject,
          detail,
          approved: approvalID !== undefined,
          covered: parentID !== undefined,
          result,
        }))
        .toSorted((a, b) => (a.subjectUID < b.subjectUID ? -1 : 1)),
    );
    const audit = 'SELECT event, subject_uid AS "subjectUID", subject, actor, detail FROM molecule.audit ORDER BY seq';
    expect(withoutIDs(await sql(database.url, audit))).toEqual(withoutIDs(memory.audit));
    for (const { event } of memory.audit) seen.add(event);
  });
  await fc.assert(property, { numRuns: 15, examples: [[EVERYTHING]] });
  // Else the calls never came as far as to compare what matters.
  expect([...seen].sort()).toEqual(EVERY_EVENT);
}, 120_000);
