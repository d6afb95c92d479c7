import { beforeAll, describe, expect, it } from 'vitest';
import type { Kubectl } from '../../hack/lib/kubectl.ts';
import { ANNOTATIONS, LABELS } from '../../src/apis/v1alpha1/names.ts';
import { approve, molecule, openPeople, pendingRequest } from './people.ts';
import { createWorld, type Json, type World } from './world.ts';

const REMEMBER = `
import { writeFileSync } from 'node:fs';
writeFileSync('/configs/MEMORY.md', 'what the agent learned\\n');
`;
const RECALL = `
import { readFileSync } from 'node:fs';
process.stdout.write(readFileSync('/configs/MEMORY.md', 'utf8'));
`;

describe('a deletion', () => {
  let world: World;
  /** Deletes. */
  let dana: Kubectl;
  /** Decides. */
  let alex: Kubectl;
  beforeAll(async () => {
    world = await createWorld({ hasExamples: true });
    ({ dana, alex } = await openPeople(world));
    for (const name of ['platform-agent', 'researcher', 'writer'])
      await world.condition(`workspace/${name}`, 'Ready', 'True');
  });

  it('waits, is looked at and denied: the object is back, and its agent never stopped', async () => {
    const podBefore = await world.podFacts('writer');
    const before = await world.read('workspace', 'writer');
    const answer = await dana.run(['delete', 'workspace', 'writer', '--wait=false']);
    expect(answer).toMatchObject({ code: 0, stderr: expect.stringContaining('waits for an approval') });

    const request = await pendingRequest(world, before.metadata.uid);
    expect(request.spec.record.askers).toEqual([expect.stringContaining('dana-')]);
    const held = await world.read('workspace', 'writer');
    expect(held.status.phase).toBe('Terminating');
    expect(condition(held, 'ApprovalPending')).toMatchObject({ status: 'True', reason: 'AwaitingApproval' });
    expect(await world.podFacts('writer')).toEqual(podBefore);

    const shown = await molecule(alex, 'approvals', 'show', request.metadata.name);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('writer') });
    const own = await molecule(dana, 'approvals', 'approve', request.metadata.name, '--hash', request.spec.hash);
    expect(own.code).not.toBe(0);

    expect(await molecule(alex, 'approvals', 'deny', request.metadata.name, '--reason', 'needed')).toMatchObject({
      code: 0,
    });
    const back = await world.until('writer be back', async () => {
      const workspace = await world.read('workspace', 'writer');
      const isBack = workspace !== undefined && workspace.metadata.uid !== before.metadata.uid;
      return isBack && condition(workspace, 'Ready')?.status === 'True' && workspace;
    });
    expect(back.spec).toEqual(before.spec);
    expect(back.status).toMatchObject({ id: before.status.id, incarnation: before.status.incarnation });
    expect(await world.podFacts('writer')).toEqual(podBefore);
  });

  it('is approved: agent and object are gone, the volume is kept, and restore brings back both with the data', async () => {
    await world.inAgent('writer', REMEMBER);
    const before = await world.read('workspace', 'writer');
    const volume = await world.read('pvc', before.status.volumeName);
    const waiting = await molecule(dana, 'delete', 'ws/writer', '--reason', 'not needed any more');
    expect(waiting.code).toBe(3);
    const request = await pendingRequest(world, before.metadata.uid);
    const deleting = molecule(dana, 'delete', 'ws/writer', '--reason', 'not needed any more', '--wait');
    expect(
      await molecule(alex, 'approvals', 'approve', request.metadata.name, '--hash', request.spec.hash),
    ).toMatchObject({
      code: 0,
    });
    expect(await deleting).toMatchObject({ code: 0 });
    expect(await world.read('workspace', 'writer')).toBeUndefined();
    expect(await world.read('pod', before.status.podName)).toBeUndefined();
    const kept = await world.read('pvc', before.status.volumeName);
    expect(kept.metadata).toMatchObject({
      uid: volume.metadata.uid,
      labels: { [LABELS.expires]: expect.stringMatching(/^\d{8}T\d{6}Z$/) },
      annotations: { [ANNOTATIONS.operation]: expect.stringMatching(/.+/) },
    });
    const decided = await world.read('approvalrequest', request.metadata.name);
    expect(decided.status).toMatchObject({
      phase: 'Consumed',
      operationID: kept.metadata.annotations[ANNOTATIONS.operation],
    });

    expect(await molecule(dana, 'restore', 'ws/writer', '--wait')).toMatchObject({ code: 0 });
    expect(await world.inAgent('writer', RECALL)).toBe('what the agent learned\n');
    const restored = await world.read('pvc', before.status.volumeName);
    expect(restored.metadata.uid).toBe(volume.metadata.uid);
    expect(restored.metadata.labels).not.toHaveProperty([LABELS.expires]);
  });

  it('of the platform agent ends in another one on an empty volume, as its request says', async () => {
    const before = await world.read('workspace', 'platform-agent');
    await dana.must(['delete', 'workspace', 'platform-agent', '--wait=false']);
    const request = await pendingRequest(world, before.metadata.uid);
    expect(await molecule(alex, 'approvals', 'show', request.metadata.name)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/empty volume/i),
    });
    await approve(alex, request);
    const after = await world.until('another platform agent exist', async () => {
      const agent = await world.read('workspace', 'platform-agent');
      return agent !== undefined && agent.metadata.uid !== before.metadata.uid && agent.status?.volumeName && agent;
    });
    await world.condition('workspace/platform-agent', 'Ready', 'True');
    expect(after.status.id).toBe(before.status.id);
    expect(after.status.volumeName).not.toBe(before.status.volumeName);
    expect((await world.read('pvc', before.status.volumeName)).metadata.labels).toHaveProperty([LABELS.expires]);
  });

  it('is refused at once where the Org says so, with what to run, and goes through once it was approved', async () => {
    const { kubectl, namespace } = world;
    const mode = (value: string): Promise<string> =>
      kubectl.must([
        'patch',
        'org',
        'org',
        '-n',
        namespace,
        '--type=merge',
        '-p',
        `{"spec":{"approvals":{"mode":"${value}"}}}`,
      ]);
    await mode('Refuse');
    const refused = await world.until('the deletion be refused', async () => {
      const answer = await dana.run(['delete', 'workspace', 'writer', '--dry-run=server']);
      return answer.code !== 0 && answer;
    });
    expect(refused.stderr).toContain(`kubectl molecule delete ws/writer -n ${namespace}`);
    expect(await dana.run(['delete', 'workspace', 'writer', '--wait=false'])).toMatchObject({ code: 1 });
    const before = await world.read('workspace', 'writer');
    const deleting = molecule(dana, 'delete', 'ws/writer', '--reason', 'not needed any more', '--wait');
    await approve(alex, await pendingRequest(world, before.metadata.uid));
    expect(await deleting).toMatchObject({ code: 0 });
    expect(await world.read('workspace', 'writer')).toBeUndefined();
    expect((await world.read('pvc', before.status.volumeName)).metadata.labels).toHaveProperty([LABELS.expires]);
    await mode('Hold');
  });

  it('of the namespace, of a definition or of the finalizer is refused with a sentence that helps', async () => {
    const { kubectl, namespace } = world;
    expect(await kubectl.run(['delete', 'namespace', namespace, '--wait=false'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Cannot delete .*(Org|Workspace|volume)/),
    });
    expect(await kubectl.run(['delete', 'crd', 'workspaces.moleculesai.app', '--wait=false'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('kubectl molecule uninstall'),
    });
    const strip = [
      'patch',
      'workspace',
      'researcher',
      '-n',
      namespace,
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ];
    expect(await kubectl.run(strip)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Cannot take off the finalizer'),
    });
    const volumeName = (await world.read('workspace', 'researcher')).status.volumeName;
    expect(await kubectl.run(['delete', 'pvc', volumeName, '-n', namespace, '--wait=false'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Cannot delete'),
    });
  });
});

function condition(object: Json, type: string): Json {
  return object.status?.conditions?.find((candidate: Json) => candidate.type === type);
}
