import { describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { AssetReport } from '../../../../src/cli/assets/asset-report.ts';
import { ApiError } from '../../../../src/kube/errors.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { type RunOptions, runOn } from '../fake-cluster.ts';
import { condition, type Overrides, templateAsset, workspace } from '../objects.ts';
import { agentPod, DIGEST, REVISION } from './volume-world.ts';

const OLDER = `sha256:${'cd'.repeat(32)}`;
const OLD_REVISION = 'b'.repeat(40);
const CARD = '/api/v1/namespaces/acme/pods/writer-1%3A8000/proxy/.well-known/agent-card.json';
const card = {
  name: 'Writer',
  version: '1.0.0',
  skills: [
    { id: 'git', name: 'Git' },
    { id: 'review', name: 'Review' },
  ],
};
const told = (digest: string) => agentPod({ 'moleculesai.app/assets-digest': digest });

const published = templateAsset('writing', {
  status: {
    observedGeneration: 1,
    artifact: { revision: REVISION, digest: DIGEST, sizeBytes: 1200, files: 4 },
    history: [
      { revision: REVISION, digest: DIGEST, publishedAt: '2026-11-21T06:05:00Z' },
      { revision: OLD_REVISION, digest: OLDER, publishedAt: '2026-11-20T07:05:00Z' },
    ],
    conditions: [condition('Ready', 'True', { reason: 'ArtifactStored' })],
  },
});

const unpublished = (() => {
  const failed = condition('Ready', 'False', { reason: 'Unauthorized', message: 'No' });
  const { artifact: _none, ...status } = templateAsset('writing', { status: { conditions: [failed] } }).status ?? {};
  return { ...templateAsset('writing'), status };
})();

const healed = {
  path: 'config.yaml',
  action: 'healed',
  wanted: 'f346f1f24da8',
  found: '1fb9f4097256 644',
  keptAt: '.molecule/displaced/config.yaml',
} as const;

function onVolume(digest: string, overrides: Overrides<Workspace> = {}): Workspace {
  return workspace('writer', {
    ...overrides,
    spec: { templateRef: { name: 'writing' }, ...overrides.spec },
    status: {
      podName: 'writer-1',
      volumeName: 'writer-1',
      assets: {
        revision: digest === DIGEST ? REVISION : OLD_REVISION,
        digest,
        files: 4,
        lastReport: { time: '2026-11-21T07:02:00Z', podUID: 'uid of the pod', digest, changed: 1, changes: [healed] },
        kept: [
          {
            path: 'config.yaml',
            keptAt: healed.keptAt,
            time: '2026-11-21T07:02:00Z',
            wanted: healed.wanted,
            found: healed.found,
          },
          {
            path: 'prompts/system.md',
            keptAt: '.molecule/displaced/prompts/system.md',
            time: '2026-11-20T07:05:00Z',
            wanted: '0123456789ab',
            found: 'symlink',
          },
        ],
      },
      ...overrides.status,
    },
  });
}

const show = (objects: readonly KubeObject[], words: readonly string[] = [], options: RunOptions = {}) =>
  runOn(['assets', 'ws/writer', ...words], { objects, paths: { [CARD]: card }, ...options });

async function reportOn(objects: readonly KubeObject[], options: RunOptions = {}): Promise<AssetReport> {
  const { stdout, stderr, code } = await show(objects, ['-o', 'json'], options);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return JSON.parse(stdout);
}

describe('kubectl molecule assets', () => {
  it('shows the chain from revision to card, and what became of single paths', async () => {
    const { code, stdout } = await show([onVolume(DIGEST), published, told(DIGEST)]);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'Workspace acme/writer: at its last start the volume held what the template publishes',
      '',
      'LINK      NAME      REVISION      DIGEST        WHAT',
      'Template  writing   a1b2c3d4e5f6  abababababab  4 files, published 60m ago',
      'Volume    writer-1  a1b2c3d4e5f6  abababababab  4 files, proven 3m ago by this Pod',
      'Pod       writer-1  -             abababababab  told to use this digest; ready',
      'Card      Writer    -             -             version 1.0.0, 2 skills: git, review',
      '',
      'PATH               WANTED        FOUND             ACTION      AGE  KEPT AT',
      'config.yaml        f346f1f24da8  1fb9f4097256 644  healed      3m   .molecule/displaced/config.yaml',
      'prompts/system.md  0123456789ab  symlink           kept aside  24h  .molecule/displaced/prompts/system.md',
      '',
      "Kept, below /configs, is what somebody had put in the place of the template's files: --diff shows it, --restore PATH puts it back",
      '',
    ]);
  });

  it('shows what an earlier run moved aside also beside what the last one did at the same path', async () => {
    const { assets } = onVolume(DIGEST).status ?? {};
    const created = { path: healed.path, action: 'created', wanted: healed.wanted, found: 'absent' } as const;
    const lastReport = { time: '2026-11-21T07:04:00Z', digest: DIGEST, changed: 1, changes: [created] };
    const again = onVolume(DIGEST, { status: { podName: 'writer-1', assets: { ...assets, lastReport } } });
    const { stdout } = await show([again, published, told(DIGEST)]);
    expect(stdout.split('\n').filter((line) => line.startsWith('config.yaml'))).toEqual([
      'config.yaml        f346f1f24da8  absent            created     60s  -',
      'config.yaml        f346f1f24da8  1fb9f4097256 644  kept aside  3m   .molecule/displaced/config.yaml',
    ]);
  });

  it('does not speak of what is kept where nothing is', async () => {
    const assets = { revision: REVISION, digest: DIGEST, files: 4 };
    const { stdout } = await show([onVolume(DIGEST, { status: { podName: 'writer-1', assets } }), published]);
    expect(stdout).not.toContain('Kept');
  });

  it('gives programs the same, digests whole', async () => {
    const report = await reportOn([onVolume(DIGEST), published, told(DIGEST)]);
    expect(report).toMatchObject({
      kind: 'AssetReport',
      isCurrent: true,
      notes: [],
      unproven: [],
      template: {
        name: 'writing',
        state: 'Ready',
        revision: REVISION,
        digest: DIGEST,
        publishedAt: '2026-11-21T06:05:00Z',
      },
      volume: { digest: DIGEST, reportedBy: 'uid of the pod' },
      pod: { wantedDigest: DIGEST, isReady: true },
      card: { name: 'Writer', skills: ['git', 'review'], unread: null },
      changes: [{ ...healed, time: '2026-11-21T07:02:00Z' }],
      kept: [{ path: 'config.yaml' }, { path: 'prompts/system.md' }],
    });
  });

  it.each<readonly [string, readonly KubeObject[], boolean | null, RegExp]>([
    [
      'waits for the next start',
      [onVolume(OLDER), published, told(DIGEST)],
      false,
      /The Pod is older than revision a1b2c3d4e5f6.*NextRestart.*kubectl delete pod writer-1 -n acme$/,
    ],
    [
      'is being restarted',
      [
        onVolume(OLDER),
        { ...published, spec: { ...published.spec, rollout: 'Immediate' } } as KubeObject,
        told(DIGEST),
      ],
      false,
      /is being restarted for revision a1b2c3d4e5f6/,
    ],
    ['was not told', [onVolume(OLDER), published, told(OLDER)], false, /was not told of revision a1b2c3d4e5f6 yet/],
    ['has no Pod', [onVolume(OLDER), published], false, /There is no Pod/],
    ['is suspended', [onVolume(OLDER, { spec: { suspend: true } }), published], false, /The Workspace is suspended/],
    [
      'fails to materialize',
      [
        onVolume(OLDER, {
          status: {
            conditions: [condition('Materialized', 'False', { reason: 'VolumeNotWritable', message: 'No space left' })],
          },
        }),
        published,
        told(DIGEST),
      ],
      false,
      /The last run did not put the files on the volume: VolumeNotWritable: No space left/,
    ],
    [
      'has a template that failed later',
      [
        onVolume(DIGEST),
        templateAsset('writing', {
          status: {
            ...published.status,
            conditions: [condition('Ready', 'False', { reason: 'Unauthorized', message: 'No' })],
          },
        }),
        told(DIGEST),
      ],
      true,
      /TemplateAsset writing is Waiting: Unauthorized: No/,
    ],
    ['has none', [workspace('writer')], null, /No template is named/],
  ])('says why: the agent %s', async (_name, objects, isCurrent, note) => {
    const report = await reportOn(objects);
    expect(report.isCurrent).toBe(isCurrent);
    expect(report.notes.join('\n')).toMatch(note);
  });

  it('does not take for known what was never reported', async () => {
    const report = await reportOn([onVolume(DIGEST, { status: { podName: 'writer-1' } }), published, told(DIGEST)]);
    const { stdout } = await show([workspace('writer', { spec: { templateRef: { name: 'writing' } }, status: {} })]);
    expect(report.isCurrent).toBe(true);
    expect(stdout).toContain('whether the volume holds what the template publishes is not known');
  });

  it.each<readonly [string, readonly KubeObject[], AssetReport['unproven']]>([
    ['no template is named', [workspace('writer')], [{ link: 'Template', reason: 'none is named' }]],
    [
      'nothing is published',
      [onVolume(DIGEST), unpublished, told(DIGEST)],
      [{ link: 'Template', reason: 'Unauthorized: No' }],
    ],
    [
      'no run has reported',
      [onVolume(DIGEST, { status: { podName: 'writer-1', assets: {} } }), published, told(DIGEST)],
      [{ link: 'Volume', reason: 'no run has reported what lies on it' }],
    ],
    [
      'the volume has something else',
      [onVolume(OLDER), published, told(DIGEST)],
      [{ link: 'Volume', reason: 'what the last run proved has another digest than what is published' }],
    ],
    [
      'another Pod has proven the volume',
      [onVolume(DIGEST), published, { ...told(DIGEST), metadata: { ...told(DIGEST).metadata, uid: 'a later one' } }],
      [{ link: 'Volume', reason: 'an earlier Pod proved it, and this one has not reported yet' }],
    ],
    [
      'the Pod was told of something else',
      [onVolume(DIGEST), published, told(OLDER)],
      [{ link: 'Pod', reason: 'it was told to use another digest than what is published' }],
    ],
    [
      'there is no Pod',
      [onVolume(DIGEST), published],
      [
        { link: 'Pod', reason: 'there is none' },
        { link: 'Card', reason: 'no agent is ready to serve it' },
      ],
    ],
    [
      'the agent is suspended',
      [onVolume(DIGEST, { spec: { suspend: true } }), published],
      [
        { link: 'Pod', reason: 'there is none while spec.suspend is true' },
        { link: 'Card', reason: 'no agent is ready to serve it' },
      ],
    ],
  ])('names the links that are not proven: %s', async (_name, objects, unproven) => {
    expect((await reportOn(objects)).unproven).toEqual(unproven);
    const { stdout } = await show(objects);
    for (const { link, reason } of unproven) expect(stdout).toContain(`\nNot proven: ${link}: ${reason}\n`);
  });

  it('says nothing of a last run while none has ended since the agent was suspended', async () => {
    const suspended = condition('Materialized', 'False', { reason: 'Suspended', message: 'Suspended' });
    const { status } = onVolume(DIGEST);
    const starting = onVolume(DIGEST, { status: { ...status, conditions: [suspended] } });
    expect((await reportOn([starting, published, told(DIGEST)])).notes).toEqual([]);
  });

  it('takes no Pod for older than a revision of which nobody has reported', async () => {
    const starting = onVolume(DIGEST, { status: { podName: 'writer-1', assets: {} } });
    expect((await reportOn([starting, published, told(DIGEST)])).notes).toEqual([]);
  });

  it('shows what may be read where the rest may not', async () => {
    const report = await reportOn([onVolume(DIGEST), published, told(DIGEST)], { forbidden: ['Pod', 'TemplateAsset'] });
    expect(report).toMatchObject({ isCurrent: null, template: { state: 'Unknown', reason: 'Forbidden' }, pod: null });
    expect(report.card.unread).toBe('no agent is ready to serve it');
    expect(report.unproven).toEqual([
      { link: 'Template', reason: expect.stringContaining('Cannot be read: TemplateAsset is forbidden') },
      { link: 'Pod', reason: 'it cannot be read: Pod is forbidden: User "eve" may not' },
      { link: 'Card', reason: report.card.unread },
    ]);
  });

  it.each([
    ['may not be read', { forbidden: [CARD] }, 'ask for the right to get pods/proxy in namespace "acme"'],
    ['is not served', { paths: {} }, 'the agent does not answer through the apiserver'],
    ['is no card', { paths: { [CARD]: { name: 7 } } }, 'what the agent serves is no agent card'],
  ])('says why the card %s, and shows everything else', async (_name, options, expected) => {
    const report = await reportOn([onVolume(DIGEST), published, told(DIGEST)], options);
    expect(report.card).toMatchObject({ name: null, skills: null, unread: expect.stringContaining(expected) });
    expect(report.isCurrent).toBe(true);
    expect(report.unproven).toEqual([{ link: 'Card', reason: report.card.unread }]);
  });

  it.each([
    ['nobody answers', new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
    ['the apiserver cannot reach the Pod', new ApiError('dial tcp 10.0.0.7:8000: i/o timeout', { code: 503 })],
  ])('says how to ask past a network policy when %s', async (_name, thrown) => {
    const paths = {
      get [CARD](): never {
        throw thrown;
      },
    };
    const { card } = await reportOn([onVolume(DIGEST), published, told(DIGEST)], { paths });
    expect(card.unread).toBe(
      `the agent does not answer through the apiserver (${thrown.message}), as where a network plugin enforces NetworkPolicy "molecule-org"; to ask it past that: ` +
        'kubectl port-forward pod/writer-1 8000 -n acme, and meanwhile: curl http://127.0.0.1:8000/.well-known/agent-card.json',
    );
  });

  it('does not blame the network for what the agent itself answers', async () => {
    const { card } = await reportOn([onVolume(DIGEST), published, told(DIGEST)], { paths: {} });
    expect(card.unread).not.toContain('NetworkPolicy');
  });

  it('lets no card speak to the terminal', async () => {
    const hostile = { name: 'Wri\u001b[2Jter', skills: [{ id: 'a\u202eb\nc', name: 'x' }] };
    const { stdout } = await show([onVolume(DIGEST), published, told(DIGEST)], [], { paths: { [CARD]: hostile } });
    expect(stdout).toContain('1 skill: ab c');
    for (const character of ['\u001b', '\u202e']) expect(stdout).not.toContain(character);
  });

  it('is wrong usage of anything but a Workspace', async () => {
    expect((await runOn(['assets', 'org'])).code).toBe(2);
  });
});
