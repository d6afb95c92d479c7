import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LABELS, MANAGED_BY } from '../../../../src/apis/v1alpha1/names.ts';
import type { KeptVersion, Version } from '../../../../src/assets/kept-version.ts';
import { compareVersions } from '../../../../src/cli/assets/diff-versions.ts';
import { helperPod } from '../../../../src/cli/assets/helper-pod.ts';
import { ApiError, TransportError } from '../../../../src/kube/errors.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { runOn } from '../fake-cluster.ts';
import { agentPod, runBeside, writer } from './volume-world.ts';

function file(content: string | Buffer): Version {
  const bytes = Buffer.from(content);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { kind: 'file', sizeBytes: bytes.length, mode: 0o644, sha256, content: bytes.toString('base64') };
}

function version(path: string, kept: Version, present: Version): KeptVersion {
  return { path, keptAt: `.molecule/displaced/${path}`, kept, present };
}

const edit = version('prompts/system.md', file('Be kind.\nBe rude.\n'), file('Be kind.\n'));

describe('the Pod beside an agent', () => {
  const task = { claimName: 'writer-1', args: ['--kept'], isReadOnly: true, suffix: '0123abcd' };
  const pod = helperPod(agentPod(), task);

  it('runs the program of the init container on the node of the agent, for a minute at most', () => {
    expect(pod?.spec).toMatchObject({
      nodeName: 'node-7',
      restartPolicy: 'Never',
      activeDeadlineSeconds: 60,
      tolerations: [{ key: 'gpu' }],
      imagePullSecrets: [{ name: 'registry' }],
      containers: [
        {
          image: 'example/operator:1.2.3',
          command: ['node', '/app/materialize.mjs'],
          args: ['--target', '/configs', '--kept'],
        },
      ],
    });
  });

  it('passes the strictest level of pod security, and has no token and nothing of the agent but its volume', () => {
    expect(pod?.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      volumes: [{ persistentVolumeClaim: { claimName: 'writer-1' } }],
    });
    expect(pod?.spec?.volumes).toHaveLength(1);
    const [container] = pod?.spec?.containers ?? [];
    expect(container).not.toHaveProperty('env');
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('can write the volume only to put something back', () => {
    const mountOf = (isReadOnly: boolean) =>
      helperPod(agentPod(), { ...task, isReadOnly })?.spec?.containers[0]?.volumeMounts?.[0];
    expect(mountOf(true)).toEqual({ name: 'configs', mountPath: '/configs', readOnly: true });
    expect(mountOf(false)).toEqual({ name: 'configs', mountPath: '/configs' });
  });

  it('is nobody’s agent: the operator neither watches nor sweeps it, and it goes with the Pod at the latest', () => {
    const { labels = {}, annotations, ownerReferences } = pod?.metadata ?? { name: '' };
    expect(labels[LABELS.managedBy]).not.toBe(MANAGED_BY);
    expect(Object.keys(labels)).not.toContain(LABELS.workspace);
    expect(Object.keys(labels)).not.toContain(LABELS.incarnation);
    expect(annotations).toBeUndefined();
    expect(ownerReferences).toEqual([{ apiVersion: 'v1', kind: 'Pod', name: 'writer-1', uid: 'uid of the pod' }]);
  });

  it('is not made for an agent without a template, whose Pod has no program of ours', () => {
    expect(helperPod({ ...agentPod(), spec: { containers: [] } }, task)).toBeUndefined();
  });
});

describe('compareVersions', () => {
  const compare = (kept: Version, present: Version) =>
    compareVersions({ versions: [version('a.md', kept, present)] })[0];

  it('gives a patch that turns what is there now into what was kept', () => {
    expect(compare(file('Be kind.\nBe rude.\n'), file('Be kind.\n'))?.diff).toBe(
      '--- a/a.md\n+++ b/a.md\n@@ -1,1 +1,2 @@\n Be kind.\n+Be rude.\n',
    );
  });

  it('shows all of a file that is not there any more', () => {
    expect(compare(file('mine\n'), { kind: 'absent' })?.diff).toContain('+mine');
  });

  it.each([
    ['both are the same', file('a'), file('a')],
    ['what was kept is binary', file(Buffer.from([0, 1, 2])), file('a')],
    ['what was kept is binary', file(Buffer.from([0xff, 0xfe])), file('a')],
    ['what is there now is binary', file('a'), file(Buffer.from([0]))],
    ['what was kept is too large to be shown', { kind: 'file', sizeBytes: 9e9, mode: 0o644 }, file('a')],
    ['what is there now is too large to be shown', file('a'), { kind: 'file', sizeBytes: 9e9, mode: 0o644 }],
    ['what was kept is no file (symlink)', { kind: 'symlink' }, file('a')],
    ['what is there now is no file (directory)', file('a'), { kind: 'directory' }],
  ] as const)('says so when %s', (reason, kept, present) => {
    expect(compare(kept, present)).toMatchObject({ diff: null, reason });
  });
});

describe('kubectl molecule assets --diff', () => {
  it('prints a patch, and deletes its Pod', async () => {
    const { code, stdout, cluster, helpers } = await runBeside(['assets', 'writer', '--diff'], {
      found: { versions: [edit], omitted: 0 },
    });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: [
        '# prompts/system.md, kept at .molecule/displaced/prompts/system.md',
        '--- a/prompts/system.md',
        '+++ b/prompts/system.md',
        '@@ -1,1 +1,2 @@',
        ' Be kind.',
        '+Be rude.',
        '',
      ].join('\n'),
    });
    const name = helpers[0]?.metadata.name;
    expect(name).toMatch(/^writer-1-assets-[0-9a-f]{8}$/);
    expect(cluster.writes.map(({ verb, name }) => [verb, name])).toEqual([
      ['create', name],
      ['delete', name],
    ]);
  });

  it('lets no file speak to the terminal', async () => {
    const { stdout } = await runBeside(['assets', 'writer', '--diff'], {
      found: { versions: [version('a.md', file('\u001b[2J\u202e\ttab\n'), file(''))], omitted: 1 },
    });
    expect(stdout).toContain('+\\u{1b}[2J\\u{202e}\ttab');
    expect(stdout).toContain('# 1 more or so are kept and not shown');
    expect(stdout).not.toContain('\u001b');
  });

  it('says when nothing is kept', async () => {
    const { stdout } = await runBeside(['assets', 'writer', '--diff'], { found: { versions: [], omitted: 0 } });
    expect(stdout).toBe('Nothing is kept aside on the volume of Workspace acme/writer\n');
  });

  it('gives programs both versions, as text where they are text', async () => {
    const { stdout } = await runBeside(['assets', 'writer', '--diff', '-o', 'json'], {
      found: { versions: [edit], omitted: 0 },
    });
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'KeptVersionList',
      object: { kind: 'Workspace', namespace: 'acme', name: 'writer' },
      items: [
        {
          path: 'prompts/system.md',
          kept: { kind: 'file', text: 'Be kind.\nBe rude.\n' },
          present: { text: 'Be kind.\n' },
          reason: null,
        },
      ],
    });
  });

  it.each([
    [
      'the release of the Pod',
      { exitCode: 2, message: "error: unknown option '--kept'" },
      'restart the agent by deleting its Pod',
    ],
    [
      'the words of the program',
      { exitCode: 73, message: 'Cannot heal volume: EIO\n' },
      'Error: Cannot heal volume: EIO',
    ],
  ])('fails with %s, and deletes its Pod', async (_name, terminated, expected) => {
    const status = { phase: 'Failed', containerStatuses: [{ state: { terminated } }] };
    const { code, stderr, cluster } = await runBeside(['assets', 'writer', '--diff'], { status });
    expect(code).toBe(1);
    expect(stderr).toContain(expected);
    expect(cluster.writes.at(-1)?.verb).toBe('delete');
  });

  it.each([
    [
      'an image that cannot be had',
      { containerStatuses: [{ state: { waiting: { reason: 'ErrImagePull', message: 'denied' } } }] },
      'ErrImagePull: denied',
    ],
    [
      'a node that has no room',
      { phase: 'Failed', reason: 'OutOfmemory', message: 'Node has no memory' },
      'OutOfmemory: Node has no memory',
    ],
  ])('fails at once with %s', async (_name, status, expected) => {
    const { code, stderr, cluster } = await runBeside(['assets', 'writer', '--diff'], { status });
    expect(code).toBe(1);
    expect(stderr).toContain(expected);
    expect(cluster.writes.at(-1)?.verb).toBe('delete');
  });

  it('repeats what a quota or a policy says, and deletes nothing that was never made', async () => {
    const refuse = (): never => {
      throw new ApiError('pods "x" is forbidden: exceeded quota: compute', { code: 403, reason: 'Forbidden' });
    };
    const { code, stderr, cluster } = await runBeside(['assets', 'writer', '--diff'], {}, { onWrite: refuse });
    expect(code).toBe(1);
    expect(stderr).toContain('exceeded quota: compute; ask for the right to create pods in namespace "acme"');
    expect(cluster.writes.map(({ verb }) => verb)).toEqual(['create']);
  });

  it('deletes a Pod of which it never heard whether it was made', async () => {
    const lose = ({ verb }: { readonly verb: string }): void => {
      if (verb === 'create') throw new TransportError('reset');
    };
    const { code, cluster } = await runBeside(['assets', 'writer', '--diff'], {}, { onWrite: lose });
    expect(code).toBe(1);
    expect(cluster.writes.map(({ verb }) => verb)).toEqual(['create', 'delete']);
  });

  it('deletes its Pod also when it is interrupted', async () => {
    const controller = new AbortController();
    const interrupt = ({ verb }: { readonly verb: string }): void => {
      if (verb === 'create') controller.abort(new Error('Interrupted by SIGINT'));
    };
    const { code, stderr, cluster } = await runBeside(
      ['assets', 'writer', '--diff'],
      { status: { phase: 'Pending' } },
      { signal: controller.signal, onWrite: interrupt },
    );
    expect(code).toBe(130);
    expect(stderr).toContain('Interrupted');
    expect(cluster.writes.map(({ verb }) => verb)).toEqual(['create', 'delete']);
  });
});

describe('a Workspace with no agent to start a Pod beside', () => {
  const without = 'Error: Cannot look at the volume of Workspace acme/writer with the program of its Pod writer-1: ';
  const status = 'kubectl molecule status ws/writer -n acme';
  const suspended = { ...writer, spec: { ...writer.spec, suspend: true } };
  const pending = { ...agentPod(), spec: {} };
  const ending = { ...agentPod(), metadata: { ...agentPod().metadata, deletionTimestamp: '2026-11-21T07:04:00Z' } };

  it.each<readonly [string, readonly KubeObject[], string]>([
    ['has no Pod', [writer], `it does not exist; see why, and try again once the agent runs: ${status}`],
    [
      'is suspended',
      [suspended],
      'it does not exist; the agent is suspended; start it and try again: ' +
        `kubectl patch workspace writer -n acme --type=merge -p '{"spec":{"suspend":false}}'`,
    ],
    [
      'waits for a node',
      [writer, pending],
      `it is on no node yet; see why, and try again once the agent runs: ${status}`,
    ],
    [
      'is being ended',
      [writer, ending],
      `it is ending; try again once the next one runs; see how far that is: ${status}`,
    ],
  ])('is told what to do when it %s, and nothing is started', async (_name, objects, expected) => {
    for (const words of [['--diff'], ['--restore', 'prompts/system.md']]) {
      const { code, stdout, stderr, cluster } = await runOn(['assets', 'writer', ...words], { objects });
      expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `${without}${expected}\n` });
      expect(cluster.writes).toEqual([]);
    }
  });
});

describe('kubectl molecule assets --restore', () => {
  const restore = (...words: readonly string[]) => ['assets', 'writer', '--restore', 'prompts/system.md', ...words];

  it('puts a version back, and says how long that lasts and how it lasts for good', async () => {
    const { code, stdout, helpers } = await runBeside(restore(), { printed: { isChanged: true } });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        "prompts/system.md of Workspace acme/writer is now what was kept of it. The next restart of the agent puts the template's version back; " +
        'to keep this one, commit it to https://git.example.com/templates/writing at main, as prompts/system.md\n',
    });
    expect(helpers[0]).toMatchObject({
      spec: { containers: [{ args: ['--target', '/configs', '--put-back=prompts/system.md'] }] },
    });
  });

  it('says when it lay there already', async () => {
    const { stdout } = await runBeside(restore('-o', 'json'), { printed: { isChanged: false } });
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'AssetRestoreResult',
      path: 'prompts/system.md',
      isChanged: false,
    });
  });

  it('ends with what the program refuses', async () => {
    const terminated = { exitCode: 65, message: 'Cannot put back: no file is kept of this path\n' };
    const status = { phase: 'Failed', containerStatuses: [{ state: { terminated } }] };
    const { code, stderr } = await runBeside(restore(), { status });
    expect(code).toBe(1);
    expect(stderr).toContain('Error: Cannot put back: no file is kept of this path\n');
  });

  it.each([
    ['the place on the agent', '/configs/prompts/system.md'],
    ['a way out', '../prompts/system.md'],
    ['nothing', ''],
  ])('takes no path that is %s, and starts nothing', async (_name, path) => {
    const { code, stderr, cluster } = await runBeside(['assets', 'writer', '--restore', path], {});
    expect(code).toBe(2);
    expect(stderr).toContain('Write the path as assets lists it, below /configs, such as prompts/system.md.');
    expect(cluster.writes).toEqual([]);
  });

  it.each([
    ['with --diff', ['assets', 'writer', '--diff', '--restore', 'a.md']],
    ['of a TemplateAsset', ['assets', 'ta/writing', '--restore', 'a.md']],
  ])('is wrong usage %s', async (_name, argv) => {
    expect((await runBeside(argv, {})).code).toBe(2);
  });
});
