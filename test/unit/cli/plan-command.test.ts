import { describe, expect, it } from 'vitest';
import type { DeletionPlan } from '../../../src/cli/plan-command.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { childName } from '../../../src/rules/identity.ts';
import { runOn } from './fake-cluster.ts';
import { child, org, templateAsset, workspace } from './objects.ts';

const INCARNATION = '11111111-0000-4000-8000-000000000000';
const CLAIM = childName('writer', INCARNATION);

function claim(name: string, incarnation: string): KubeObject {
  const object = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      namespace: 'acme',
      name,
      uid: `uid-of-${name}`,
      annotations: { 'moleculesai.app/incarnation': incarnation },
    },
    spec: { volumeName: `pv-of-${name}`, resources: { requests: { storage: '10Gi' } } },
  };
  return object;
}

const volume = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: `pv-of-${CLAIM}` },
  spec: { persistentVolumeReclaimPolicy: 'Delete' },
};
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    namespace: 'acme',
    name: 'forge',
    ownerReferences: [{ apiVersion: 'moleculesai.app/v1alpha1', kind: 'Workspace', name: 'writer', uid: 'u-writer' }],
  },
};
const writer = workspace('writer', {
  metadata: { uid: 'u-writer' },
  spec: { templateRef: { name: 'writing' } },
  status: { incarnation: INCARNATION },
});
const objects = [
  org('acme', { metadata: { uid: 'u-org' }, spec: { approvals: { mode: 'Refuse' }, retention: { volumes: '48h' } } }),
  workspace('platform-agent', { metadata: { uid: 'u-platform' } }),
  writer,
  child('editor', 'writer', { metadata: { uid: 'u-editor' } }),
  templateAsset('writing', { metadata: { uid: 'u-writing' } }),
  claim(CLAIM, INCARNATION),
  volume,
  secret,
];

describe('kubectl molecule plan delete', () => {
  it('shows everything that would go, what would be kept and for how long, and changes nothing', async () => {
    const { code, stdout, stderr, cluster } = await runOn(['plan', 'delete', 'ws/writer'], { objects });
    expect({ code, stderr, writes: cluster.writes }).toEqual({ code: 0, stderr: '', writes: [] });
    expect(stdout).toContain('2 Workspaces are lost:\n');
    expect(stdout).toContain('- "editor"');
    expect(stdout).toContain(`claim "${CLAIM}"`);
    expect(stdout).toContain('reclaim policy Delete');
    expect(stdout).toContain('are kept for 2 days');
    expect(stdout).toContain(`\nSizes:\n- claim ${CLAIM} has 10Gi\n`);
    expect(stdout).toContain('something lost is their owner:\n- secret/forge\n');
    expect(stdout).toContain('The Org refuses deletions');
    expect(stdout).toContain('To ask for it: kubectl molecule delete ws/writer -n acme --reason TEXT --wait\n');
  });

  it('says that the platform agent comes back without its data, and that the others stay', async () => {
    const { stdout } = await runOn(['plan', 'delete', 'ws/platform-agent'], { objects });
    expect(stdout).toContain('made again at once, on an EMPTY volume');
    expect(stdout).toContain(
      '2 Workspaces stay, but lose their parent until it is made again:\n- "editor"\n- "writer"\n',
    );
  });

  it('says who loses a template', async () => {
    const { stdout } = await runOn(['plan', 'delete', 'ta/writing'], { objects });
    expect(stdout).toContain('No Workspace and no volume is lost');
    expect(stdout).toContain('1 Workspace stays, but loses its template:\n- "writer"');
  });

  it('says how a DELETE is taken by an Org that does not say, and where there is none to be seen', async () => {
    const silent = [...objects.slice(1), org('acme', { metadata: { uid: 'u-org' } })];
    expect((await runOn(['plan', 'delete', 'writer'], { objects: silent })).stdout).toContain(
      'The Org holds deletions',
    );
    expect((await runOn(['plan', 'delete', 'writer'], { objects: objects.slice(1) })).stdout).toContain(
      'How the Org takes deletions is not known',
    );
  });

  it('says what may not be read, instead of taking it for nothing', async () => {
    const { code, stdout } = await runOn(['plan', 'delete', 'writer'], {
      objects,
      forbidden: ['PersistentVolume', 'Secret'],
    });
    expect(code).toBe(0);
    expect(stdout).toContain('You may not read, so nothing is said of: persistentvolumes, secrets\n');
    expect(stdout).not.toContain('reclaim policy');
  });

  it('gives programs the same', async () => {
    const { stdout } = await runOn(['plan', 'delete', 'org', '-o', 'json'], { objects });
    const plan: DeletionPlan = JSON.parse(stdout);
    expect(plan).toMatchObject({
      kind: 'DeletionPlan',
      object: { kind: 'Org', namespace: 'acme', name: 'org', uid: 'u-org' },
      mode: 'Refuse',
      affected: [],
      retention: '48h',
      dependants: [{ kind: 'Secret', name: 'forge' }],
      unread: [],
    });
    expect(plan.losses.map(({ name, size }) => [name, size]).sort()).toEqual([
      ['editor', null],
      ['platform-agent', null],
      ['writer', '10Gi'],
    ]);
  });

  it('says how to see what is there when the object is not', async () => {
    expect((await runOn(['plan', 'delete', 'ws/nobody'], { objects })).stderr).toBe(
      'Error: Cannot plan the deletion of Workspace acme/nobody: it does not exist; see what is there: kubectl get workspaces -n acme\n',
    );
  });
});
