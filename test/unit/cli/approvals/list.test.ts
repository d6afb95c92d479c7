import { describe, expect, it } from 'vitest';
import type { ApprovalList } from '../../../../src/cli/approvals/approval-view.ts';
import { runOn } from '../fake-cluster.ts';
import { decided, draft, HASH, NAME, request } from './requests.ts';

const older = { name: 'apr-older', creationTimestamp: '2026-11-20T07:00:00Z' };
const objects = [
  decided('Approved', 'Consumed', { name: 'apr-used' }),
  decided('Approved', 'Approved', { name: 'apr-approved', creationTimestamp: '2026-11-01T07:00:00Z' }),
  draft({ name: 'ask-new', creationTimestamp: '2026-11-02T07:00:00Z' }),
  request(),
  request({ metadata: older }),
  request({ metadata: { namespace: 'zoo', name: 'apr-elsewhere' } }),
];

describe('kubectl molecule approvals list', () => {
  it('shows what waits for a human first, the oldest of it before the others, with who asked for what', async () => {
    const { code, stdout, stderr } = await runOn(['approvals', 'list'], { objects });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['NAME', 'PHASE', 'ACTION', 'OBJECT', 'ASKED BY', 'EXPIRES', 'AGE'],
      ['apr-older', 'Pending', 'delete_workspace', 'ws/writer', 'jane@example.com', '7d2h', '24h'],
      [NAME, 'Pending', 'delete_workspace', 'ws/writer', 'jane@example.com', '7d2h', '5m'],
      ['ask-new', 'New', 'delete_workspace', 'ws/writer', 'jane@example.com', '-', '19d'],
      ['apr-approved', 'Approved', 'delete_workspace', 'ws/writer', 'jane@example.com', '7d2h', '20d'],
      [''],
    ]);
  });

  it('shows with --all what came to its end, and who decided', async () => {
    const { stdout } = await runOn(['approvals', 'list', '--all', '-o', 'wide'], { objects });
    expect(stdout.split('\n')[5]).toContain('apr-used');
    expect(stdout.split('\n')[5]).toContain(`${HASH.slice(0, 12)}  alex  `);
  });

  it('shows all namespaces with -A', async () => {
    const { stdout } = await runOn(['approvals', 'list', '-A'], { objects });
    expect(stdout).toMatch(/^zoo +apr-elsewhere /m);
    expect(stdout).toMatch(/^NAMESPACE /);
  });

  it('says when nothing waits', async () => {
    expect(await runOn(['approvals', 'list'], { objects: [decided('Denied', 'Denied')] })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'No request waits for a decision in namespace "acme"\n',
    });
  });

  it('says that the time of a request is over', async () => {
    const expired = request({ spec: { expiresAt: '2026-11-21T07:05:00Z' } });
    expect((await runOn(['approvals', 'list'], { objects: [expired] })).stdout).toContain('  over  ');
  });

  it('lets no name of a user play with the terminal, or look like another', async () => {
    const { record } = request().spec;
    if (record === undefined) throw new Error('The request has no record');
    const spoofed = request({ spec: { record: { ...record, askers: ['j\u0430ne\u001b[2K'] } } });
    expect((await runOn(['approvals', 'list'], { objects: [spoofed] })).stdout).toContain('j\\u{430}ne\\u{1b}[2K');
  });

  it('gives programs everything', async () => {
    const { stdout } = await runOn(['approvals', 'list', '-o', 'json'], { objects: [decided('Approved', 'Approved')] });
    const list: ApprovalList = JSON.parse(stdout);
    expect(list).toEqual({
      apiVersion: 'cli.moleculesai.app/v1alpha1',
      kind: 'ApprovalList',
      items: [
        {
          namespace: 'acme',
          name: NAME,
          phase: 'Approved',
          action: 'delete_workspace',
          target: { kind: 'Workspace', name: 'writer', uid: '00000000-0000-4000-8000-000000000001' },
          requestedBy: 'jane@example.com',
          askers: ['jane@example.com'],
          reason: 'project is over',
          isBreakGlass: false,
          hash: HASH,
          createdAt: '2026-11-21T07:00:00Z',
          expiresAt: '2026-11-28T10:00:00Z',
          decision: { verdict: 'Approved', by: 'alex', reason: 'looked at it' },
          operationID: null,
          message: 'A human has to decide',
        },
      ],
    });
  });

  it('says which right is missing', async () => {
    const { code, stderr } = await runOn(['approvals', 'list'], { forbidden: ['ApprovalRequest'] });
    expect(code).toBe(1);
    expect(stderr).toContain('ask for the right to list approvalrequests in namespace "acme"');
  });
});
