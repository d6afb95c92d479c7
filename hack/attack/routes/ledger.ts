import type { Attempt } from '../attempt.ts';
import { query } from '../ledger-count.ts';
import { USERS } from '../people.ts';
import { decision, judge, mustAs, pending, type Scene, until } from '../scene.ts';
import { VICTIM } from '../tenant.ts';
import { LARGER, usedUp } from './replay.ts';

const route = 'ledger';
const AGENT = `workspace/${VICTIM.agent}`;
const REASON = 'jsonpath={.status.conditions[?(@.type=="ApprovalPending")].reason}';
const TABLES = [
  'identities',
  'operations',
  'approvals',
  'askers',
  'operation_members',
  'snapshots',
  'audit',
  'audit_head',
];

/** Copies every table away, as a backup does. */
function backUp({ postgres }: Scene, name: string): Promise<unknown> {
  const copies = TABLES.map((table) => `CREATE TABLE ${name}.${table} AS TABLE molecule.${table};`);
  return query(postgres.access.url, `CREATE SCHEMA ${name}; ${copies.join(' ')}`);
}

/** Puts a copy back past every trigger, as whoever restores a backup can. */
function restore({ postgres }: Scene, name: string): Promise<unknown> {
  const fill = TABLES.map((table) => `INSERT INTO molecule.${table} SELECT * FROM ${name}.${table};`);
  return query(
    postgres.access.url,
    `BEGIN; SET LOCAL session_replication_role = replica;
     TRUNCATE ${TABLES.map((table) => `molecule.${table}`).join(', ')}; ${fill.join(' ')} COMMIT;`,
  );
}

function waitsFor(scene: Scene, reason: string): Promise<boolean> {
  return until(scene, `the Workspace wait for ${reason}`, async () => {
    return (await scene.as('admin', ['get', AGENT, '-o', REASON])).stdout === reason;
  });
}

/** What remembers which approvals were used up. */
export const LEDGER: readonly Attempt[] = [
  {
    route,
    attempt: 'the ledger does not answer, and what was asked is approved',
    identity: 'approver',
    expected: 'held',
    run: async (scene) => {
      const request = await pending(scene);
      const url = new URL(scene.postgres.access.url);
      const name = url.pathname.slice(1);
      url.pathname = '/postgres';
      await query(url.href, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      try {
        await query(url.href, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
        await mustAs(scene, 'approver', decision(request, { by: USERS.approver }));
        await waitsFor(scene, 'LedgerUnavailable');
        return 'held';
      } finally {
        // What was approved would go as soon as the ledger is back, and rightly so; it is changed, so that it stays for a look.
        await scene.operators.stop();
        await mustAs(scene, 'editor', ['patch', AGENT, '--type=merge', '-p', LARGER]);
        await query(url.href, `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
        await scene.operators.start();
      }
    },
  },
  {
    route,
    attempt: 'an approval that was used is set back to Approved in the database',
    identity: 'admin',
    expected: 'harmless',
    run: async (scene) => {
      const { spec } = await usedUp(scene);
      const sql = "UPDATE molecule.approvals SET state = 'Approved' WHERE subject_uid = $1";
      const answer = await query(scene.postgres.access.url, sql, [spec.target.uid]).then(
        () => 'it was set',
        (error: Error) => error.message,
      );
      return judge(answer.includes('how it ended stays'), 'harmless', answer);
    },
  },
  {
    route,
    attempt: 'the ledger is restored to a state before an approval was used, and a deletion is approved',
    identity: 'approver',
    expected: 'held',
    run: async (scene) => {
      await backUp(scene, 'earlier');
      await usedUp(scene);
      await backUp(scene, 'later');
      await restore(scene, 'earlier');
      try {
        await scene.operators.stop();
        await scene.operators.start();
        await mustAs(scene, 'editor', ['delete', AGENT, '--wait=false']);
        await waitsFor(scene, 'LedgerFrozen');
        return 'held';
      } finally {
        await scene.operators.stop();
        await restore(scene, 'later');
        await scene.operators.start();
      }
    },
  },
];
