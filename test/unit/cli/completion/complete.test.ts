import { describe, expect, it } from 'vitest';
import { TransportError } from '../../../../src/kube/errors.ts';
import { decided, NAME, request } from '../approvals/requests.ts';
import { type RunOptions, runOn } from '../fake-cluster.ts';
import { notReady, org, templateAsset, workspace } from '../objects.ts';

const OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'acme' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'zoo' } },
  org('acme'),
  workspace('writer', {
    status: notReady('TemplateReady', { reason: 'TemplateNotFound', message: 'No such thing' }),
  }),
  workspace('wolf', { metadata: { namespace: 'zoo', name: 'wolf' } }),
  templateAsset('writing'),
  request(),
  decided('Denied', 'Denied', { name: 'ask-denied' }),
];

const REVISION = 'a1b2c3d4e5f60718293a4b5c6d7e8f9001122334';
const COMMANDS = [
  'tree',
  'status',
  'sync',
  'assets',
  'rollback',
  'approvals',
  'delete',
  'plan',
  'restore',
  'audit',
  'doctor',
  'uninstall',
  'completion',
  'help',
  ':4',
];

/** What the last word may become, and the directive. */
async function completed(
  words: readonly string[],
  options: RunOptions = { objects: OBJECTS },
): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runOn(['__complete', ...words], options);
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => line.split('\t')[0] ?? '');
}

describe('completion', () => {
  it.each<[readonly string[], readonly string[]]>([
    [[''], COMMANDS],
    [['s'], ['status', 'sync', ':4']],
    [
      ['tree', '--n'],
      ['--namespace', '--no-color', ':4'],
    ],
    [
      ['tree', '-n', ''],
      ['acme', 'zoo', ':4'],
    ],
    [
      ['tree', '--namespace', 'z'],
      ['zoo', ':4'],
    ],
    [
      ['tree', '--namespace=z'],
      ['--namespace=zoo', ':4'],
    ],
    [
      ['tree', '-o', ''],
      ['table', 'wide', 'json', 'yaml', ':4'],
    ],
    [
      ['sync', 'writer', '-o', ''],
      ['text', 'json', 'yaml', ':4'],
    ],
    [
      ['approvals', ''],
      ['list', 'show', 'approve', 'deny', 'help', ':4'],
    ],
    [
      ['approvals', 'show', ''],
      [NAME, ':4'],
    ],
    [['approvals', 'approve', 'ask'], [':4']],
    [
      ['plan', 'delete', 'ws/'],
      ['ws/writer', ':4'],
    ],
    [['tree', '--kubeconfig', ''], [':0']],
    [['tree', '--kubeconfig='], [':0']],
    [['tree', '--unknown='], [':4']],
    [
      ['status', ''],
      ['ws/writer', 'ta/writing', 'org', ':4'],
    ],
    [
      ['sync', 'ta/'],
      ['ta/writing', ':4'],
    ],
    [
      ['status', '-n', 'zoo', ''],
      ['ws/wolf', ':4'],
    ],
    [
      ['status', '--namespace=zoo', 'ws/'],
      ['ws/wolf', ':4'],
    ],
    [
      ['sync', '--wait', 'ws/'],
      ['ws/writer', ':4'],
    ],
    [['status', 'ws/writer', ''], [':4']],
    [
      ['completion', ''],
      ['kubectl', 'bash', 'zsh', 'fish', ':4'],
    ],
    [['doctor', ''], [':4']],
    [['nothing', ''], COMMANDS],
    [[], COMMANDS],
  ])('of %j', async (words, expected) => {
    expect(await completed(words)).toEqual(expected);
  });

  it.each<[readonly string[], readonly string[]]>([
    [
      ['rollback', 'ta/writing', '--to', ''],
      ['previous', REVISION, ':4'],
    ],
    [
      ['rollback', 'ta/writing', '--to=a1'],
      [`--to=${REVISION}`, ':4'],
    ],
    [['rollback', '--to', ''], [':4']],
    [['rollback', 'ws/writer', '--to', ''], [':4']],
    [['rollback', 'ta/nobody', '--to', ''], [':4']],
    [
      ['assets', 'writer', '--restore', ''],
      ['prompts/system.md', ':4'],
    ],
    [['assets', 'ta/writing', '--restore', ''], [':4']],
  ])('offers for %j what the object that is named says', async (words, expected) => {
    const history = [{ revision: REVISION, digest: `sha256:${'ab'.repeat(32)}`, publishedAt: '2026-11-20T07:05:00Z' }];
    const kept = [
      { path: 'prompts/system.md', keptAt: '.molecule/displaced/prompts/system.md', time: '2026-11-20T07:05:00Z' },
    ];
    const objects = [
      templateAsset('writing', { status: { history } }),
      workspace('writer', { status: { assets: { kept } } }),
    ];
    expect(await completed(words, { objects })).toEqual(expected);
  });

  it('describes what it offers', async () => {
    const { stdout } = await runOn(['__complete', 'status', 'ws/'], { objects: OBJECTS });
    expect(stdout).toBe('ws/writer\tWaiting: TemplateNotFound\n:4\n');
  });

  it('asks the cluster that the words before name, and none for what needs none', async () => {
    const { connections } = await runOn(['__complete', 'tree', '--context', 'prod', '--kubeconfig=/k', '-n', ''], {});
    expect(connections).toEqual([{ context: 'prod', kubeconfig: '/k' }]);
    expect((await runOn(['__complete', 'tree', '-o', ''], {})).connections).toEqual([]);
  });

  it('offers what may be read of it, and is silent about the rest', async () => {
    expect(await completed(['status', ''], { objects: OBJECTS, forbidden: ['Workspace'] })).toEqual([
      'ta/writing',
      'org',
      ':4',
    ]);
    expect(await completed(['status', ''], { failure: new TransportError('nobody answers') })).toEqual([':4']);
  });

  it('prints the scripts', async () => {
    for (const shell of ['kubectl', 'bash', 'zsh', 'fish']) {
      const { code, stdout } = await runOn(['completion', shell]);
      expect(code).toBe(0);
      expect(stdout).toContain('kubectl-molecule __complete');
    }
  });
});
