import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../../src/kube/errors.ts';
import { RECORD } from '../../rules/approval/records.ts';
import { runOn } from '../fake-cluster.ts';
import { decided, draft, HASH, NAME, request } from './requests.ts';

const objects = [request()];
const approve = ['approvals', 'approve', NAME];
const OTHER_HASH = HASH.startsWith('0') ? '1'.repeat(8) : '0'.repeat(8);

describe('kubectl molecule approvals approve', () => {
  it('writes the whole hash and the own name, for the version that was looked at', async () => {
    const { code, stdout, cluster } = await runOn([...approve, '--hash', HASH.slice(0, 8), '--reason', 'fine'], {
      objects,
      user: 'alex',
    });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `ApprovalRequest acme/${NAME} is Approved by "alex", hash ${HASH}; see what comes of it: kubectl molecule status ws/writer -n acme\n`,
    });
    expect(cluster.patches).toEqual([
      {
        kind: 'ApprovalRequest',
        key: { namespace: 'acme', name: NAME },
        body: {
          metadata: { uid: '00000000-0000-4000-8000-00000000000f', resourceVersion: '7' },
          spec: { decision: { verdict: 'Approved', hash: HASH, by: 'alex', reason: 'fine' } },
        },
        fieldManager: 'kubectl-molecule',
      },
    ]);
  });

  it('is refused when another hash was looked at', async () => {
    const { code, stderr, cluster } = await runOn([...approve, '--hash', OTHER_HASH], { objects });
    expect(code).toBe(1);
    expect(stderr).toContain(`does not begin with ${OTHER_HASH}, so something else was looked at`);
    expect(cluster.patches).toEqual([]);
  });

  it('is refused when the hash is not that of the record, whatever hash is repeated', async () => {
    const forged = request({ spec: { record: { ...RECORD, losses: [] } } });
    const { code, stderr, cluster } = await runOn([...approve, '--hash', HASH], { objects: [forged] });
    expect({ code, patches: cluster.patches }).toEqual({ code: 1, patches: [] });
    expect(stderr).toContain('is not to be trusted: its hash is not that of the record');
  });

  it.each([
    ['too few characters', ['--hash', HASH.slice(0, 7)]],
    ['what is no hash', ['--hash', 'ABCDEFGH']],
    ['no hash where nobody can be asked', []],
  ])('is a wrong usage with %s, and asks nothing of the cluster', async (_what, args) => {
    const { code, stderr, connections } = await runOn([...approve, ...args], { objects });
    expect({ code, connections }).toEqual({ code: 2, connections: [] });
    expect(stderr).toContain('hash');
  });

  it('shows the record on a terminal, and takes the first characters of the hash', async () => {
    const { code, stderr, cluster } = await runOn(approve, { objects, isTTY: true, typed: `${HASH.slice(0, 8)}\n` });
    expect(code).toBe(0);
    expect(stderr).toContain('1 Workspace is lost:');
    expect(stderr).toContain('Type the first 8 characters of the hash to approve: ');
    expect(cluster.patches).toHaveLength(1);
  });

  it.each([
    ['yes', 'yes\n'],
    ['too little', `${HASH.slice(0, 7)}\n`],
    ['nothing', ''],
    ['an empty line', '\n'],
  ])('decides nothing when %s is typed', async (_what, typed) => {
    const { code, stderr, cluster } = await runOn(approve, { objects, isTTY: true, typed });
    expect({ code, patches: cluster.patches }).toEqual({ code: 1, patches: [] });
    expect(stderr).toContain('nothing was decided');
  });

  it.each([
    ['the same was decided before', decided('Approved', 'Approved'), 0, 'is Approved already, by "alex"'],
    ['the operation is done', decided('Approved', 'Consumed'), 0, 'is Approved already, by "alex"'],
    [
      'somebody denied it',
      decided('Denied', 'Denied'),
      1,
      'was Denied by "alex" already, with the reason "looked at it"; a decision is final',
    ],
    ['its time was over', request({ status: { phase: 'Expired' } }), 1, 'is Expired: there is nothing left to decide'],
    ['the operator has not recorded what goes', draft(), 1, 'does not say yet what would be lost'],
  ])('writes nothing when %s', async (_what, object, code, words) => {
    const run = await runOn([...approve, '--hash', HASH], { objects: [object] });
    expect(run.code).toBe(code);
    expect(run.stdout + run.stderr).toContain(words);
    expect(run.cluster.patches).toEqual([]);
  });

  it('is tried again when the request was written to meanwhile, without asking again', async () => {
    let conflicts = 2;
    const { code, stderr, cluster } = await runOn(approve, {
      objects,
      isTTY: true,
      typed: HASH,
      onWrite: () => {
        conflicts -= 1;
        if (conflicts >= 0) throw new ApiError('the object has been modified', { code: 409, reason: 'Conflict' });
      },
    });
    expect({ code, patches: cluster.patches.length }).toEqual({ code: 0, patches: 3 });
    expect(stderr.split('Type the first')).toHaveLength(2);
  });

  it('gives up on a request that is written to all the time', async () => {
    const conflict = new ApiError('the object has been modified', { code: 409, reason: 'Conflict' });
    const onWrite = (): never => {
      throw conflict;
    };
    const { code, stderr } = await runOn([...approve, '--hash', HASH], { objects, onWrite });
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'Error: the object has been modified\n' });
  });

  it('prints what a policy says as it is', async () => {
    const words = 'approvalrequests.moleculesai.app "x" is forbidden: Cannot approve what you asked for';
    const onWrite = (): never => {
      throw new ApiError(words, { code: 403, reason: 'Forbidden' });
    };
    const { code, stderr } = await runOn([...approve, '--hash', HASH], { objects, onWrite });
    expect({ code, stderr }).toEqual({ code: 1, stderr: `Error: ${words}\n` });
  });

  it('tells programs what was decided', async () => {
    const { stdout } = await runOn([...approve, '--hash', HASH, '-o', 'json'], { objects });
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: 'cli.moleculesai.app/v1alpha1',
      kind: 'ApprovalDecision',
      namespace: 'acme',
      name: NAME,
      verdict: 'Approved',
      hash: HASH,
      by: 'alex',
      reason: null,
      isNew: true,
    });
  });
});

describe('kubectl molecule approvals deny', () => {
  it('needs no hash to be repeated', async () => {
    const { code, cluster } = await runOn(['approvals', 'deny', NAME, '--reason', 'still needed'], { objects });
    expect(code).toBe(0);
    expect(cluster.patches[0]?.body).toMatchObject({
      spec: { decision: { verdict: 'Denied', hash: HASH, by: 'alex', reason: 'still needed' } },
    });
  });

  it('is possible also for a record that is not to be trusted', async () => {
    const forged = request({ spec: { hash: 'ab'.repeat(32) } });
    const { code, cluster } = await runOn(['approvals', 'deny', NAME], { objects: [forged] });
    expect(code).toBe(0);
    expect(cluster.patches[0]?.body).toMatchObject({ spec: { decision: { hash: 'ab'.repeat(32) } } });
  });

  it('says who approved when it comes too late', async () => {
    const { code, stderr } = await runOn(['approvals', 'deny', NAME], { objects: [decided('Approved', 'Approved')] });
    expect(code).toBe(1);
    expect(stderr).toContain('was Approved by "alex" already');
  });
});
