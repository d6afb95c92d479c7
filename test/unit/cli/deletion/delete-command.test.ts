import { describe, expect, it } from 'vitest';
import type { ApprovalRequest } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { ApiError } from '../../../../src/kube/errors.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { draftName } from '../../../../src/rules/approval/request-name.ts';
import { decided, draft, NAME, request } from '../approvals/requests.ts';
import { type Run, type RunOptions, runOn, type Written } from '../fake-cluster.ts';
import { workspace } from '../objects.ts';

const UID = '00000000-0000-4000-8000-000000000001';
const DRAFT = draftName({ action: 'delete_workspace', uid: UID, attempt: 1 });
const writer = workspace('writer', { metadata: { uid: UID } });
const held = workspace('writer', { metadata: { uid: UID, deletionTimestamp: '2026-11-21T07:04:00Z' } });
const granted = workspace('writer', {
  metadata: { uid: UID },
  status: { deletionGrant: { request: NAME, hash: 'a' } },
});
const command = ['delete', 'ws/writer', '--reason', 'project is over'];

/** Runs the command on a cluster that is in the next scene each time the command looks again; in the last one it stays. */
async function play(
  scenes: readonly (readonly KubeObject[])[],
  { argv = [...command, '--wait'], ...options }: RunOptions & { readonly argv?: readonly string[] } = {},
): Promise<Run> {
  // The first GET finds out what is to be deleted; then each look is a GET of the object and a LIST of its requests.
  let reads = -1;
  const world = (): readonly KubeObject[] => {
    const look = Math.max(0, Math.floor(reads / 2));
    reads += 1;
    return scenes[Math.min(look, scenes.length - 1)] ?? [];
  };
  return runOn(argv, { world, ...options });
}

function written({ writes }: Run['cluster']): readonly Written[] {
  return writes.map(({ body: _body, ...write }) => write);
}

describe('kubectl molecule delete', () => {
  it('asks for an approval under the own name, says what comes next and exits with 3', async () => {
    const requests: ApprovalRequest[] = [];
    const { code, stdout, stderr, cluster } = await runOn(command, {
      user: 'dana',
      world: () => [writer, ...requests],
      onWrite: ({ name }) => requests.push(draft({ name })),
    });
    expect({ code, stderr, stdout }).toEqual({
      code: 3,
      stderr: '',
      stdout: `Workspace acme/writer waits for somebody else to decide ApprovalRequest "${DRAFT}", who looks at it with: kubectl molecule approvals show ${DRAFT} -n acme; run this again once it is approved\n`,
    });
    expect(cluster.writes).toEqual([
      {
        verb: 'create',
        kind: 'ApprovalRequest',
        name: DRAFT,
        body: {
          apiVersion: 'moleculesai.app/v1alpha1',
          kind: 'ApprovalRequest',
          metadata: { namespace: 'acme', name: DRAFT },
          spec: {
            action: 'delete_workspace',
            target: { group: 'moleculesai.app', kind: 'Workspace', name: 'writer', uid: UID },
            reason: 'project is over',
            requestedBy: 'dana',
          },
        },
      },
    ]);
  });

  it('joins who asked before', async () => {
    const { code, stdout, cluster } = await runOn(command, { objects: [writer, request()] });
    expect({ code, writes: cluster.writes }).toEqual({ code: 3, writes: [] });
    expect(stdout).toContain(`ApprovalRequest "${NAME}"`);
  });

  it('joins who asks at the same moment', async () => {
    const requests: ApprovalRequest[] = [];
    const { code, stdout } = await runOn(command, {
      world: () => [writer, ...requests],
      onWrite: ({ name }) => {
        requests.push(draft({ name }));
        throw new ApiError('already exists', { code: 409, reason: 'AlreadyExists' });
      },
    });
    expect(code).toBe(3);
    expect(stdout).toContain(`ApprovalRequest "${DRAFT}"`);
  });

  it.each([
    ['was denied', decided('Denied', 'Denied')],
    ['expired', request({ status: { phase: 'Expired' } })],
  ])('asks under another name when an earlier request %s', async (_what, earlier) => {
    const requests: ApprovalRequest[] = [earlier];
    const { code, cluster } = await runOn(command, {
      world: () => [writer, ...requests],
      onWrite: ({ name }) => requests.push(draft({ name, creationTimestamp: '2026-11-21T07:04:00Z' })),
    });
    expect(code).toBe(3);
    expect(cluster.writes[0]?.name).toBe(draftName({ action: 'delete_workspace', uid: UID, attempt: 2 }));
  });

  it('deletes exactly that object once it is approved and granted', async () => {
    const { code, stdout, cluster } = await runOn(command, { objects: [granted, decided('Approved', 'Approved')] });
    expect({ code, stdout, writes: written(cluster) }).toEqual({
      code: 0,
      stdout: 'Workspace acme/writer is being deleted; see: kubectl molecule status ws/writer -n acme\n',
      writes: [{ verb: 'delete', kind: 'Workspace', name: 'writer', uid: UID }],
    });
  });

  it('follows the request of the operator when somebody has deleted it already, and asks nobody', async () => {
    const { code, stdout, cluster } = await runOn(command, { objects: [held] });
    expect({ code, writes: cluster.writes }).toEqual({ code: 3, writes: [] });
    expect(stdout).toContain('waits for the operator to ask for an approval');
  });

  it('waits for the decision and the grant, deletes, and waits until it is gone', async () => {
    const { code, stdout, stderr, cluster } = await play([
      [writer, request()],
      [writer, decided('Approved', 'Approved')],
      [granted, decided('Approved', 'Approved')],
      [held, decided('Approved', 'Approved')],
      [decided('Approved', 'Consumed')],
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Workspace acme/writer is gone\n' });
    expect(stderr.trim().split('\n')).toEqual([
      `Waiting for a decision on ApprovalRequest "${NAME}"`,
      `ApprovalRequest "${NAME}" is approved; waiting for the operator to let the deletion in`,
      'Waiting until it is gone',
    ]);
    expect(written(cluster)).toEqual([{ verb: 'delete', kind: 'Workspace', name: 'writer', uid: UID }]);
  });

  it('ends with 1 and says by whom and why it was denied', async () => {
    const { code, stderr, cluster } = await play([
      [writer, request()],
      [writer, decided('Denied', 'Denied')],
    ]);
    expect({ code, writes: cluster.writes }).toEqual({ code: 1, writes: [] });
    expect(stderr).toContain(
      'Error: Workspace acme/writer stays: "alex" denied its deletion, with the reason "looked at it"\n',
    );
  });

  it('ends with 1 when what it asked for came to nothing', async () => {
    const requests: ApprovalRequest[] = [];
    const { code, stderr, cluster } = await runOn([...command, '--wait'], {
      world: () => [writer, ...requests],
      onWrite: ({ name }) => requests.push(request({ metadata: { name }, status: { phase: 'Expired' } })),
    });
    expect({ code, asked: cluster.writes.length }).toEqual({ code: 1, asked: 1 });
    expect(stderr).toContain(
      `stays: ApprovalRequest "${DRAFT}" came to its end: A human has to decide; run this again`,
    );
  });

  it('exits with 3 when nobody decides in time', async () => {
    const argv = [...command, '--wait', '--timeout', '1s'];
    const { code, stdout } = await runOn(argv, { objects: [writer, request()] });
    expect({ code, stdout }).toEqual({
      code: 3,
      stdout: `Workspace acme/writer still waits for a decision, and ApprovalRequest "${NAME}" stays; run this again to go on\n`,
    });
  });

  it('ends with 1 when it is approved and does not go in time', async () => {
    const argv = [...command, '--wait', '--timeout', '1s'];
    const { code, stderr } = await runOn(argv, { objects: [held, decided('Approved', 'Consumed')] });
    expect(code).toBe(1);
    expect(stderr).toContain('Error: Workspace acme/writer is approved by "alex" and not gone yet');
  });

  it('says when it is interrupted that the request stays', async () => {
    const controller = new AbortController();
    let reads = 0;
    const { code, stderr } = await runOn([...command, '--wait'], {
      signal: controller.signal,
      world: () => {
        reads += 1;
        if (reads === 4) controller.abort(new Error('Interrupted by SIGINT'));
        return [writer, request()];
      },
    });
    expect(code).toBe(130);
    expect(stderr).toContain(`ApprovalRequest "${NAME}" stays; run this again to go on\nInterrupted\n`);
  });

  it('prints what a policy says about the question, as it is', async () => {
    const words = 'approvalrequests.moleculesai.app "x" is forbidden: Cannot ask in the name of somebody else';
    const { code, stderr } = await runOn(command, {
      objects: [writer],
      onWrite: () => {
        throw new ApiError(words, { code: 403, reason: 'Forbidden' });
      },
    });
    expect({ code, stderr }).toEqual({ code: 1, stderr: `Error: ${words}\n` });
  });

  it('looks again when somebody else deletes at the same moment', async () => {
    const scenes = [[granted, decided('Approved', 'Approved')], [decided('Approved', 'Consumed')]];
    const { code, stdout } = await play(scenes, {
      onWrite: () => {
        throw new ApiError('the UID in the precondition does not match', { code: 409, reason: 'Conflict' });
      },
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Workspace acme/writer is gone\n' });
  });

  it('tells programs how far it is', async () => {
    const { code, stdout } = await runOn([...command, '-o', 'json'], { objects: [writer, request()] });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: 'cli.moleculesai.app/v1alpha1',
      kind: 'DeletionResult',
      object: { kind: 'Workspace', namespace: 'acme', name: 'writer', uid: UID },
      outcome: 'Waiting',
      request: NAME,
      message: 'A human has to decide',
      decidedBy: null,
      reason: null,
    });
  });

  it('is a wrong usage without a reason', async () => {
    const { code, stderr, connections } = await runOn(['delete', 'ws/writer'], { objects: [writer] });
    expect({ code, connections }).toEqual({ code: 2, connections: [] });
    expect(stderr).toContain('--reason');
  });

  it('says how to see what is there when the object is not', async () => {
    expect(await runOn(command)).toMatchObject({
      code: 1,
      stderr:
        'Error: Cannot delete Workspace acme/writer: it does not exist; see what is there: kubectl get workspaces -n acme\n',
    });
  });
});
