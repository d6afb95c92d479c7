import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createKubectl } from '../../../hack/lib/kubectl.ts';
import { openPerson } from '../../../hack/lib/person.ts';
import type { ApprovalRequest, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { buildRecord, hashRecord, specDigest } from '../../../src/rules/approval/record.ts';
import { controlPlane, createNamespace, mustKubectl } from '../../support/control-plane.ts';
import type { Captured } from '../../unit/cli/capture.ts';
import { bindRoles, OPERATOR, tryToPatch } from '../api/requests.ts';
import { create } from './objects.ts';
import { plugin } from './plugin.ts';

const EXPIRES = '2036-11-28T10:00:00Z';

let namespace: string;
/** May edit, and decide what others ask for. */
let dana: Person;
/** May decide. */
let alex: Person;

interface Person {
  readonly name: string;
  /** Runs the plugin with this person's own certificate. */
  run(...argv: readonly string[]): Promise<Captured>;
}

async function person(prefix: string, roles: readonly string[]): Promise<Person> {
  const { kubectlProgram, adminKubeconfig, dir } = controlPlane();
  const name = `${prefix}-${namespace}`;
  const admin = createKubectl(kubectlProgram, adminKubeconfig);
  const { kubeconfig } = await openPerson({
    kubectl: admin,
    name,
    dir: join(dir, 'people'),
    namespace,
    clusterRoles: ['view'],
  });
  await bindRoles(name, roles, namespace);
  return { name, run: (...argv) => plugin(argv, { kubeconfig }) };
}

async function read<T>(resource: string, name: string): Promise<T> {
  return JSON.parse(await mustKubectl(['get', resource, name, '-o', 'json'], { namespace }));
}

/** Asks as Dana, and lets the operator, who does not run here, say what would be lost. */
async function asked(workspace: string): Promise<ApprovalRequest> {
  const answer = await dana.run('delete', `ws/${workspace}`, '--reason', 'project is over', '-o', 'json');
  expect(answer, answer.stderr).toMatchObject({ code: 3, stderr: '' });
  const { request: name } = JSON.parse(answer.stdout) as { readonly request: string };
  const { spec } = await read<ApprovalRequest>('approvalrequest', name);
  expect(spec).toMatchObject({ requestedBy: dana.name, reason: 'project is over' });
  const target = await read<Workspace>('workspace', workspace);
  const { name: targetName, uid = '' } = target.metadata;
  const record = buildRecord({
    ...spec.target,
    clusterUID: uid,
    namespace,
    specDigest: specDigest(target.spec),
    action: spec.action,
    losses: [{ workspaceID: uid, name: targetName, uid }],
    affected: [],
    retention: '168h',
    askers: [dana.name],
    nonce: '0123456789abcdef',
    expiresAt: EXPIRES,
  });
  const object = `approvalrequest/${name}`;
  const patch = { spec: { record, hash: hashRecord(record), expiresAt: EXPIRES } };
  const options = { namespace, ...OPERATOR, isReal: true };
  expect(await tryToPatch(object, patch, options)).toBe('accepted');
  await say(object, { phase: 'Pending' });
  return read('approvalrequest', name);
}

/** As the operator. */
async function say(object: string, status: object): Promise<void> {
  const options = { namespace, ...OPERATOR, isReal: true, subresource: 'status' };
  expect(await tryToPatch(object, { status }, options)).toBe('accepted');
}

beforeAll(async () => {
  namespace = await createNamespace('approvals');
  dana = await person('dana', ['molecule-viewer', 'molecule-editor', 'molecule-approver']);
  alex = await person('alex', ['molecule-approver']);
  await create(
    namespace,
    ['writer', 'editor', 'reviewer'].map((name) => ({ kind: 'Workspace', metadata: { name }, spec: {} })),
  );
});

describe('kubectl molecule approvals', () => {
  it('lets a second person approve what the record says, once, and the asker delete then', async () => {
    const { metadata, spec } = await asked('writer');
    const { name, uid } = metadata;
    const hash = spec.hash ?? '';
    const listed = await alex.run('approvals', 'list');
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(`${name} +Pending .*${dana.name}`) });
    const shown = await alex.run('approvals', 'show', name);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining(`Hash:     ${hash}, computed again`) });

    const own = await dana.run('approvals', 'approve', name, '--hash', hash);
    expect(own).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Cannot decide what you asked for yourself'),
    });

    const given = await alex.run('approvals', 'approve', name, '--hash', hash.slice(0, 8), '--reason', 'looked at it');
    expect(given, given.stderr).toMatchObject({ code: 0 });
    const approved = await read<ApprovalRequest>('approvalrequest', name);
    expect(approved.metadata.uid).toBe(uid);
    expect(approved.spec.decision).toEqual({ verdict: 'Approved', hash, by: alex.name, reason: 'looked at it' });

    const again = await alex.run('approvals', 'approve', name, '--hash', hash);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('is Approved already') });
    const changed = await alex.run('approvals', 'deny', name);
    expect(changed).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`was Approved by "${alex.name}" already`),
    });

    const early = await dana.run('delete', 'ws/writer', '--reason', 'project is over');
    expect(early).toMatchObject({ code: 3, stdout: expect.stringContaining('is approved; run this again') });
    await say(`approvalrequest/${name}`, { phase: 'Approved' });
    await say('workspace/writer', { deletionGrant: { request: name, hash } });
    const deleted = await dana.run('delete', 'ws/writer', '--reason', 'project is over');
    expect(deleted, deleted.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('is being deleted') });
    expect((await read<Workspace>('workspace', 'writer')).metadata.deletionTimestamp).toBeDefined();
  });

  it('lets a second person deny, which ends the waiting of who asked', async () => {
    const { metadata } = await asked('editor');
    const waiting = dana.run('delete', 'ws/editor', '--reason', 'project is over', '--wait', '--timeout', '60s');
    const denied = await alex.run('approvals', 'deny', metadata.name, '--reason', 'still needed');
    expect(denied, denied.stderr).toMatchObject({ code: 0 });
    expect(await waiting).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`"${alex.name}" denied its deletion, with the reason "still needed"`),
    });
    expect((await read<Workspace>('workspace', 'editor')).metadata.deletionTimestamp).toBeUndefined();
  });

  it('shows a plan with the rights of who looks, and changes nothing', async () => {
    const before = await read<Workspace>('workspace', 'reviewer');
    const planned = await alex.run('plan', 'delete', 'ws/reviewer');
    expect(planned, planned.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('1 Workspace is lost:') });
    expect(planned.stdout).toContain('You may not read, so nothing is said of: ');
    expect(await read('workspace', 'reviewer')).toEqual(before);
  });
});
