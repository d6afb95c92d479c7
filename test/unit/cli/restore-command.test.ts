import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, LABELS } from '../../../src/apis/v1alpha1/names.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';
import { NOW, type RunOptions, runOn } from './fake-cluster.ts';
import { notReady, workspace } from './objects.ts';

const OLD = '11111111-0000-4000-8000-000000000001';
const NEW = '22222222-0000-4000-8000-000000000002';

interface Kept {
  readonly namespace?: string;
  readonly incarnation?: string;
  readonly createdAt?: string;
  readonly expires?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

function kept(name: string, given: Kept = {}): KubeObject {
  const {
    namespace = 'acme',
    incarnation = NEW,
    createdAt = '2026-11-20T07:00:00Z',
    expires = '20261128T100000Z',
  } = given;
  const metadata = {
    namespace,
    name: `${name}-${incarnation.slice(0, 8)}`,
    uid: `uid of ${name} ${incarnation}`,
    creationTimestamp: createdAt,
    labels: { [LABELS.workspace]: name, ...(expires === '' ? {} : { [LABELS.expires]: expires }) },
    annotations: { [ANNOTATIONS.incarnation]: incarnation, ...given.annotations },
  };
  const spec = { resources: { requests: { storage: '10Gi' } } };
  const object = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec };
  return object;
}

const older = kept('writer', { incarnation: OLD, createdAt: '2026-11-01T07:00:00Z', expires: 'never' });
const newer = kept('writer');
const live = kept('reader', { expires: '' });
const elsewhere = kept('poet', { namespace: 'beta' });
const objects = [older, newer, live, elsewhere];
const restore = (words: readonly string[], options: RunOptions = {}) =>
  runOn(['restore', ...words], { objects, ...options });

describe('kubectl molecule restore --list', () => {
  it('shows what is kept in the namespace, the newest first, and until when', async () => {
    const { code, stdout } = await restore(['--list']);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'WORKSPACE  INCARNATION                           SIZE  KEPT UNTIL            LEFT  VOLUME',
      `writer     ${NEW}  10Gi  2026-11-28T10:00:00Z  7d2h  writer-22222222`,
      `writer     ${OLD}  10Gi  without end           -     writer-11111111`,
      '',
    ]);
  });

  it('shows those of all namespaces with -A', async () => {
    const { stdout } = await restore(['--list', '-A']);
    expect(stdout).toContain('NAMESPACE');
    expect(stdout).toMatch(/^beta +poet/m);
  });

  it('is a document for programs', async () => {
    const { stdout } = await restore(['--list', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      apiVersion: 'cli.moleculesai.app/v1alpha1',
      kind: 'KeptVolumeList',
      items: [
        { workspace: 'writer', keptUntil: '2026-11-28T10:00:00Z', size: '10Gi', isAskedBack: false },
        { workspace: 'writer', keptUntil: null },
      ],
    });
  });

  it('says that nothing is kept', async () => {
    const { code, stdout, stderr } = await restore(['--list'], { objects: [live] });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: 'No volume of a deleted Workspace is kept in namespace "acme"\n',
    });
  });
});

describe('kubectl molecule restore NAME', () => {
  const asked = (incarnation: string) => [
    {
      kind: 'PersistentVolumeClaim',
      key: { namespace: 'acme', name: `writer-${incarnation.slice(0, 8)}` },
      body: {
        metadata: { uid: `uid of writer ${incarnation}`, annotations: { [ANNOTATIONS.restore]: NOW.toISOString() } },
      },
      fieldManager: 'kubectl-molecule',
    },
  ];

  it('asks for the newest of the name, and for no other object', async () => {
    const { code, stdout, cluster } = await restore(['ws/writer']);
    expect(cluster.patches).toEqual(asked(NEW));
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        'Workspace acme/writer is asked back with its volume writer-22222222; see what comes of it: kubectl molecule status ws/writer -n acme\n',
    });
  });

  it('asks for the one of the incarnation', async () => {
    expect((await restore(['writer', '--incarnation', OLD])).cluster.patches).toEqual(asked(OLD));
  });

  it.each<[string, readonly string[], RunOptions, string]>([
    [
      'nothing is kept of the name',
      ['poet'],
      {},
      'no volume of it is kept, those of writer are; see more: kubectl molecule restore --list -n acme',
    ],
    ['nothing is kept at all', ['poet'], { objects: [live] }, 'no volume of it is kept, none is in this namespace'],
    ['no such incarnation is kept', ['writer', '--incarnation', 'x'], {}, 'no volume of incarnation x is kept'],
    [
      'a Workspace has the name',
      ['writer'],
      { objects: [...objects, workspace('writer')] },
      'a Workspace of that name exists',
    ],
    [
      'the caller may not list volumes',
      ['writer'],
      { forbidden: ['PersistentVolumeClaim'] },
      'ask for the right to list persistentvolumeclaims in namespace "acme"',
    ],
  ])('exits with 1 and changes nothing when %s', async (_title, words, options, message) => {
    const { code, stdout, stderr, cluster } = await restore(words, options);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(cluster.patches).toEqual([]);
  });

  it.each([[[]], [['ta/writer']], [['org']], [['writer', '--list']], [['writer', '-A']]])(
    'takes one Workspace, or --list alone: %j is wrong usage',
    async (words) => {
      const { code, cluster } = await restore(words);
      expect(code).toBe(2);
      expect(cluster.patches).toEqual([]);
    },
  );
});

describe('kubectl molecule restore NAME --wait', () => {
  /** The apiserver as it is at each look: the volume by list and watch, then the Workspace. */
  const back = kept('writer', { expires: '' });

  it('waits until the Workspace is ready', async () => {
    let isBack = false;
    const { code, stdout, stderr } = await runOn(['restore', 'writer', '--wait'], {
      get objects() {
        return isBack ? [back, workspace('writer')] : [asking()];
      },
      watched: () => {
        isBack = true;
        return [{ type: 'MODIFIED', object: back }];
      },
    });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'Workspace acme/writer is back with its data: WorkspaceReady: The agent is ready\n',
    });
    expect(stderr).toBe('Waiting for the operator\n');
  });

  it('exits with 1 and the words of the operator when it is refused', async () => {
    const note = 'Another Workspace "writer" exists; delete or rename that first, then ask again';
    const { code, stderr } = await restore(['writer', '--wait'], {
      objects: [asking(), event('RestoreRefused', note)],
      watched: () => [{ type: 'MODIFIED', object: newer }],
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`Error: Workspace acme/writer is not brought back: RestoreRefused: ${note}`);
  });

  it('exits with 1 when the volume is erased meanwhile', async () => {
    const { code, stderr } = await restore(['writer', '--wait'], {
      objects: [asking()],
      watched: () => [{ type: 'DELETED', object: newer }],
    });
    expect(code).toBe(1);
    expect(stderr).toContain('Its volume is erased');
  });

  it('exits with 1 when it cannot become ready', async () => {
    let isBack = false;
    const failed = notReady('Runnable', {
      reason: 'TierNotAllowed',
      message: 'Tier 4 is not allowed',
      abnormal: 'Stalled',
    });
    const { code, stderr } = await runOn(['restore', 'writer', '--wait'], {
      get objects() {
        return isBack ? [back, workspace('writer', { status: failed })] : [asking()];
      },
      watched: () => {
        isBack = true;
        return [{ type: 'MODIFIED', object: back }];
      },
    });
    expect(code).toBe(1);
    expect(stderr).toContain('is not ready: TierNotAllowed: Tier 4 is not allowed');
  });

  it('exits with 1 when the time is over', async () => {
    const { code, stdout } = await restore(['writer', '--wait', '--timeout', '1s', '-o', 'json'], {
      objects: [asking()],
    });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'RestoreResult',
      outcome: 'TimedOut',
      volume: { workspace: 'writer' },
    });
  });
});

/** As the volume is once the annotation is on it. */
function asking(): KubeObject {
  return kept('writer', { annotations: { [ANNOTATIONS.restore]: NOW.toISOString() } });
}

function event(reason: string, note: string): KubeObject {
  const regarding = { kind: 'PersistentVolumeClaim', name: 'writer-22222222' };
  const object = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: 'acme', name: 'e' },
    regarding,
    reason,
    note,
  };
  return object;
}
