import { describe, expect, it } from 'vitest';
import { describeRecord } from '../../../../src/rules/approval/describe.ts';
import { hashRecord } from '../../../../src/rules/approval/record.ts';
import { RECORD } from '../../rules/approval/records.ts';
import { runOn } from '../fake-cluster.ts';
import { decided, draft, HASH, NAME, request } from './requests.ts';

describe('kubectl molecule approvals show', () => {
  it('shows the record in words, its hash, who asked and how to decide', async () => {
    const { code, stdout, stderr } = await runOn(['approvals', 'show', NAME, '--context', 'prod'], {
      objects: [request()],
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `ApprovalRequest acme/${NAME}: Pending, expires in 7d2h

${describeRecord(RECORD)}

Hash:     ${HASH}, computed again from the record above
Asked by: "jane@example.com", with the reason "project is over"
Operator: A human has to decide

To decide:
  kubectl molecule approvals approve ${NAME} -n acme --context prod --hash ${HASH.slice(0, 12)}
  kubectl molecule approvals deny ${NAME} -n acme --context prod --reason TEXT
`,
    );
  });

  it.each([
    ['a name in the record is another', { record: { ...RECORD, name: 'editor' } }, 'its hash'],
    ['a loss is left out', { record: { ...RECORD, losses: [] } }, 'its hash'],
    ['the hash is another', { hash: 'ab'.repeat(32) }, 'its hash'],
    [
      'the record is about another object than the request',
      { record: { ...RECORD, uid: 'x' }, hash: hashRecord({ ...RECORD, uid: 'x' }) },
      'the uid of the target',
    ],
    ['the request lasts longer than its record', { expiresAt: '2030-01-01T00:00:00Z' }, 'the expiry'],
    ['the action is another', { action: 'delete_org' } as const, 'the action'],
  ])('trusts nothing when %s: no command to approve, and an exit code of 1', async (_what, spec, objection) => {
    const { code, stdout, stderr } = await runOn(['approvals', 'show', NAME], { objects: [request({ spec })] });
    expect(code).toBe(1);
    expect(stdout).toContain(`NOT TO BE TRUSTED: ${objection}`);
    expect(stdout).not.toContain('approvals approve');
    expect(stderr).toContain(`Error: ApprovalRequest "${NAME}" is not to be trusted: ${objection}`);
  });

  it('shows what was seen beside the record apart, and says so', async () => {
    const plan = {
      totalWorkspaces: 1,
      totalVolumes: 1,
      workspaces: [{ id: 'a', name: 'writer', size: '10Gi', isRunning: true }],
    };
    const { stdout } = await runOn(['approvals', 'show', NAME], { objects: [request({ status: { plan } })] });
    expect(stdout).toContain('\nSeen beside it, no part of the record:\n- writer: 10Gi, running\n');
  });

  it('says of a request that the operator has not seen that it cannot be decided', async () => {
    const { code, stdout } = await runOn(['approvals', 'show', NAME], { objects: [draft()] });
    expect(code).toBe(0);
    expect(stdout).toContain(': New\n');
    expect(stdout).toContain('nothing can be decided before');
    expect(stdout).not.toContain('To decide');
  });

  it('says who decided, and gives no command any more', async () => {
    const { stdout } = await runOn(['approvals', 'show', NAME], { objects: [decided('Denied', 'Denied')] });
    expect(stdout).toContain('Decided:  Denied by "alex", with the reason "looked at it"\n');
    expect(stdout).not.toContain('To decide');
  });

  it('says what a request is that goes without the ledger', async () => {
    const { stdout } = await runOn(['approvals', 'show', NAME], { objects: [request({ spec: { breakGlass: true } })] });
    expect(stdout).toMatch(/BREAK-GLASS.*no copy is kept/);
  });

  it('says what it takes to decide where nobody knows who asked', async () => {
    const record = { ...RECORD, askers: [] };
    const spec = { record, hash: hashRecord(record), requestedBy: 'unattributed' };
    const { code, stdout } = await runOn(['approvals', 'show', NAME], { objects: [request({ spec })] });
    expect(code).toBe(0);
    expect(stdout).toContain('deciding takes the verb approve-unattributed besides');
  });

  it('shows the words of who asked escaped', async () => {
    const spec = { reason: 'ok"\u202e', requestedBy: 'j\u0430ne' };
    const { stdout } = await runOn(['approvals', 'show', NAME], { objects: [request({ spec })] });
    expect(stdout).toContain('Asked by: "j\\u{430}ne", with the reason "ok\\u{22}\\u{202e}"');
  });

  it('gives programs the record, its text and what speaks against it', async () => {
    const { stdout } = await runOn(['approvals', 'show', NAME, '-o', 'json'], { objects: [request()] });
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'ApprovalDetails',
      record: RECORD,
      hash: HASH,
      text: describeRecord(RECORD),
      objections: [],
      plan: null,
    });
  });

  it('says how to see what is there when it is not', async () => {
    expect((await runOn(['approvals', 'show', 'apr-none'])).stderr).toBe(
      'Error: Cannot read ApprovalRequest acme/apr-none: it does not exist; see what is there: kubectl molecule approvals list -n acme\n',
    );
  });
});
