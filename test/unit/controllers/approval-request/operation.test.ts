import { describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { isCurrent, type Operation } from '../../../../src/controllers/approval-request/operation.ts';
import { buildRecord } from '../../../../src/rules/approval/record.ts';
import { NAMESPACE, org, storedTemplate, uidOf, workspace } from '../../../builders/objects.ts';
import { CLUSTER, HELD, observedOf, operationOf, volumeOf, type World, WRITER, writer } from './fixture.ts';

const below = (name: string, parent: string): Workspace =>
  workspace(name, { spec: { kind: 'workspace', parentRef: { name: parent } } });
const platformAgent = workspace('platform-agent', { spec: { kind: 'platform' } });
const namesOf = ({ losses }: Operation): readonly string[] => losses.map(({ name }) => name).toSorted();

describe('what a deletion would do', () => {
  const tree = [platformAgent, writer(), below('a', 'writer'), below('b', 'a'), workspace('other')];

  it('takes a Workspace along with everybody below it, and nobody else', async () => {
    const operation = await operationOf({ workspaces: tree });
    expect(namesOf(operation)).toEqual(['a', 'b', 'writer']);
    expect(operation.affected).toEqual([]);
  });

  it('ends where Workspaces are above each other in a circle', async () => {
    const circle = [
      workspace('writer', { spec: { kind: 'workspace', parentRef: { name: 'a' } } }),
      below('a', 'writer'),
    ];
    expect(namesOf(await operationOf({ workspaces: circle }))).toEqual(['a', 'writer']);
  });

  it('takes the platform agent alone, which is made anew, and names all the others', async () => {
    const subject = { ...WRITER, name: 'platform-agent' };
    const operation = await operationOf({ workspaces: tree }, subject);
    expect(namesOf(operation)).toEqual(['platform-agent']);
    expect(operation.affected.toSorted()).toEqual(['a', 'b', 'other', 'writer']);
  });

  it('takes an Org along with all of its Workspaces', async () => {
    const subject = { kind: 'Org', namespace: NAMESPACE, name: 'org' };
    const operation = await operationOf({ workspaces: tree }, subject);
    expect(operation).toMatchObject({ action: 'delete_org', uid: org().metadata.uid, affected: [] });
    expect(operation.losses).toHaveLength(tree.length);
  });

  it('takes nobody along with a TemplateAsset, and names those who use it, the platform agent among them', async () => {
    const subject = { kind: 'TemplateAsset', namespace: NAMESPACE, name: 'platform-agent' };
    const templateAssets = [storedTemplate('platform-agent')];
    const operation = await operationOf({ workspaces: tree, templateAssets }, subject);
    expect(operation).toMatchObject({ losses: [], affected: ['platform-agent'] });
  });

  it('names the volume of a Workspace with what becomes of it, and leaves out a namesake of another incarnation', async () => {
    const [volume] = HELD.volumes ?? [];
    if (volume === undefined) throw new Error('There has to be a volume');
    expect((await operationOf(HELD)).losses[0]).toMatchObject({
      claimName: volume.metadata.name,
      claimUID: volume.metadata.uid,
      volumeName: `pv-${volume.metadata.name}`,
      reclaimPolicy: 'Delete',
    });
    const foreign = { ...volume, metadata: { ...volume.metadata, labels: {}, annotations: {} } };
    expect((await operationOf({ ...HELD, volumes: [foreign] })).losses[0]).not.toHaveProperty('claimUID');
  });

  it('keeps volumes for as long as the Org says', async () => {
    const spec = { ...org().spec, retention: { volumes: '0s' } };
    expect((await operationOf({ ...HELD, org: org({ spec }) })).retention).toBe('0s');
    expect((await operationOf(HELD)).retention).toBe('168h');
  });
});

describe('a record beside what memory knows', () => {
  const drawn = { clusterUID: CLUSTER, askers: ['ann'], nonce: 'n'.repeat(32) };

  async function isStillCurrent(changes: Partial<World>): Promise<boolean> {
    const record = buildRecord({ ...(await operationOf(HELD)), ...drawn });
    const observed = await observedOf({ ...HELD, ...changes });
    return observed !== undefined && isCurrent(record, observed);
  }

  it('is current although memory does not know of PersistentVolumes', async () => {
    expect(await isStillCurrent({})).toBe(true);
  });

  const [held] = HELD.workspaces;
  it.each([
    ['its spec was edited', { workspaces: [{ ...held, spec: { kind: 'workspace', tier: 1 } } as Workspace] }],
    ['a Workspace came below it', { workspaces: [...HELD.workspaces, below('a', 'writer')] }],
    ['its volume is gone', { volumes: [] }],
    [
      'its volume is another',
      { volumes: [{ ...volumeOf(writer()), metadata: { ...volumeOf(writer()).metadata, uid: uidOf('x') } }] },
    ],
    ['volumes are kept for another time', { org: org({ spec: { ...org().spec, retention: { volumes: '0s' } } }) }],
  ])('is outdated when %s', async (_what, changes) => {
    expect(await isStillCurrent(changes)).toBe(false);
  });
});
