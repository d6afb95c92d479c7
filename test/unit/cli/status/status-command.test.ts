import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { type RunOptions, runOn } from '../fake-cluster.ts';
import { child, claim, notReady, org, templateAsset, workspace } from '../objects.ts';
import { CHILDREN, culpritOf, READY, statusOf, UTF8, world } from './status-world.ts';

describe('kubectl molecule status of a Workspace', () => {
  it('shows the whole chain of one that works, and nothing to do', async () => {
    const objects = world({ status: { observedGeneration: 1, conditions: READY } }, CHILDREN);
    const { code, stdout, stderr } = await runOn(['status', 'writer'], { objects, env: UTF8 });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "Workspace acme/writer: Ready

          LINK       NAME            STATE  MESSAGE
        ✔ Org        org             Ready  The agent is ready
        ✔ Parent     platform-agent  Ready  The agent is ready
        ✔ Parent     researcher      Ready  The agent is ready
        ✔ Workspace  writer          Ready  Nothing is wrong with the object itself
        ✔ Template   writing         Ready  The agent is ready
        ✔ Volume     writer-1        Ready  Bound, 1Gi, fast
        ✔ Pod        writer-1        Ready  Running, 2 restarts
        ✔ Agent      -               Ready  The agent serves its card

      Events: none
      "
    `);
  });

  it('marks the link that it waits for, and says what to run and what happened', async () => {
    const message = 'The agent ended and is starting again; see why: kubectl logs writer-1 -c agent --previous';
    const failed = notReady('AgentReady', { reason: 'AgentRestarting', message, abnormal: 'Reconciling' });
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'acme', name: 'e' },
      type: 'Warning',
      reason: 'BackOff',
      note: 'Back-off restarting failed container',
      regarding: { kind: 'Pod', name: 'writer-1' },
      eventTime: '2026-11-21T07:00:00.000000Z',
      series: { count: 4, lastObservedTime: '2026-11-21T07:04:30.000000Z' },
    };
    const { stdout } = await runOn(['status', 'ws/writer'], {
      objects: world({ status: failed }, [...CHILDREN, event]),
      env: UTF8,
    });
    expect(stdout).toMatchInlineSnapshot(`
      "Workspace acme/writer: Progressing

          LINK       NAME            STATE        MESSAGE
        ✔ Org        org             Ready        The agent is ready
        ✔ Parent     platform-agent  Ready        The agent is ready
        ✔ Parent     researcher      Ready        The agent is ready
        ✔ Workspace  writer          Ready        Nothing is wrong with the object itself
        ✔ Template   writing         Ready        The agent is ready
        ✔ Volume     writer-1        Ready        Bound, 1Gi, fast
        ✔ Pod        writer-1        Ready        Running, 2 restarts
      → ● Agent      -               Progressing  AgentRestarting: The agent ended and is starting again; see why: kubectl logs writer-1 -c agent --previous

      Waits for: AgentRestarting: The agent ended and is starting again; see why: kubectl logs writer-1 -c agent --previous
      Next:      kubectl logs writer-1 -n acme -c agent --previous

      Events:
      AGE               TYPE     REASON   OBJECT        NOTE
      30s (x4 over 5m)  Warning  BackOff  pod/writer-1  Back-off restarting failed container
      "
    `);
  });

  it.each<[string, string, string, Parameters<typeof world>]>([
    [
      'a missing parent',
      'parent nobody',
      'Missing',
      [{ spec: { parentRef: { name: 'nobody' } }, status: notReady('Placed', { reason: 'ParentNotFound' }) }],
    ],
    [
      'a circle of parents',
      'parent ring',
      'Waiting',
      [
        { spec: { parentRef: { name: 'ring' } }, status: notReady('Placed', { reason: 'ParentCycle' }) },
        [child('ring', 'writer')],
      ],
    ],
    ['itself, when it was never seen', 'workspace writer', 'Unknown', [{ status: { conditions: [] } }]],
    [
      'itself, when it is suspended',
      'workspace writer',
      'Suspended',
      [{ spec: { suspend: true }, status: notReady('AgentReady', { reason: 'Suspended' }) }],
    ],
    [
      'itself, when only its spec can help',
      'workspace writer',
      'Failed',
      [{ status: notReady('AgentReady', { reason: 'TierNotAllowed', abnormal: 'Stalled' }) }],
    ],
    [
      'a template that is missing',
      'templateAsset writing',
      'Missing',
      [{ status: notReady('TemplateReady', { reason: 'TemplateNotFound' }) }],
    ],
    [
      'a volume that cannot be written',
      'volume writer-1',
      'Waiting',
      [{ status: notReady('Materialized', { reason: 'VolumeNotWritable' }) }, CHILDREN],
    ],
    [
      'a Pod that is being made',
      'pod writer-1',
      'Missing',
      [{ status: notReady('Materialized', { reason: 'Creating', abnormal: 'Reconciling' }) }],
    ],
    [
      'the link of the condition, for a reason of a newer operator',
      'volume writer-1',
      'Waiting',
      [{ status: notReady('VolumeReady', { reason: 'OfANewerOperator' }) }, CHILDREN],
    ],
    [
      'what is gone and was not missed yet',
      'pod writer-1',
      'Missing',
      [
        { status: { observedGeneration: 1, conditions: READY } },
        [templateAsset('writing'), claim('writer-1', 'Bound')],
      ],
    ],
  ])('blames %s', async (_name, culprit, state, parts) => {
    const status = await statusOf('writer', { objects: world(...parts) });
    expect([culpritOf(status), status.chain.find(({ isCulprit }) => isCulprit)?.state]).toEqual([culprit, state]);
    expect(status.next?.command).toMatch(/^kubectl /);
  });

  it('calls nothing missing that comes after the link to blame', async () => {
    const status = await statusOf('writer', {
      objects: world({ status: notReady('TemplateReady', { reason: 'TemplateNotFound' }) }),
    });
    expect(status.chain.slice(-3).map(({ link, state, message }) => [link, state, message])).toEqual([
      ['volume', 'Waiting', 'Not made yet'],
      ['pod', 'Waiting', 'Not made yet'],
      ['agent', 'Waiting', 'Not made yet'],
    ]);
  });

  it('takes a template that cannot fetch but delivers what it has as no obstacle', async () => {
    const template = templateAsset('writing', {
      status: {
        ...notReady('ArtifactReady', { reason: 'NothingIncluded', abnormal: 'Stalled' }),
        artifact: { revision: 'a1b2', digest: 'sha256:1', sizeBytes: 1, files: 1 },
      },
    });
    const objects = world({ status: { observedGeneration: 1, conditions: READY } }, [template, ...CHILDREN.slice(1)]);
    const status = await statusOf('writer', { objects });
    expect(culpritOf(status)).toBeUndefined();
    expect(status.chain.find(({ link }) => link === 'templateAsset')).toMatchObject({
      state: 'Waiting',
      reason: 'NothingIncluded',
    });
  });

  it('blames nobody for one that works below what fails', async () => {
    const failing = notReady('AgentReady', { reason: 'ImageMissing', abnormal: 'Stalled' });
    const [, ...others] = world({ status: { observedGeneration: 1, conditions: READY } }, CHILDREN);
    const objects = [
      org('acme', { status: failing }),
      workspace('researcher', { status: failing }),
      ...others.filter(({ metadata }) => metadata.name !== 'researcher'),
    ];
    const status = await statusOf('writer', { objects });
    expect([culpritOf(status), status.next]).toEqual([undefined, null]);
    expect(status.chain.filter(({ state }) => state === 'Failed').map(({ link }) => link)).toEqual(['org', 'parent']);
  });

  it('says what may not be read, and goes on', async () => {
    const status = await statusOf('writer', {
      objects: world({ status: { observedGeneration: 1, conditions: READY } }, CHILDREN),
      forbidden: ['Org', 'Pod', 'Event'],
    });
    expect(status.events).toBeNull();
    expect(status.chain.filter(({ reason }) => reason === 'Forbidden').map(({ link, state }) => [link, state])).toEqual(
      [
        ['org', 'Unknown'],
        ['pod', 'Unknown'],
      ],
    );
    expect(culpritOf(status)).toBeUndefined();
  });

  it('has no Pod, volume or template for an agent that runs elsewhere', async () => {
    const objects = world({ spec: { runtime: 'external' }, status: { observedGeneration: 1, conditions: READY } });
    const status = await statusOf('writer', { objects });
    expect(status.chain.map(({ link }) => link)).toEqual(['org', 'parent', 'parent', 'workspace', 'agent']);
  });

  it('tells of no template for the platform agent, which takes one unasked', async () => {
    const status = await statusOf('platform-agent', { objects: world({}) });
    expect(status.chain.map(({ link, name }) => `${link} ${name}`)).toEqual([
      'org org',
      'workspace platform-agent',
      'templateAsset null',
      'volume platform-agent-',
      'pod ws-platform-agent',
      'agent null',
    ]);
  });
});

describe('what to run next for a Workspace', () => {
  const fromSecret = (name: string, key: string) => ({ name: key, valueFrom: { secretKeyRef: { name, key } } });
  const env = [fromSecret('api', 'TOKEN'), fromSecret('api', 'URL'), fromSecret('mail', 'PASSWORD')];
  const claimOf = (storage: string): KubeObject => ({
    ...claim('writer-1', 'Bound'),
    ...{ spec: { resources: { requests: { storage } } } },
  });
  const bigger = {
    spec: { storage: { size: '9Gi' } },
    status: notReady('VolumeReady', { reason: 'ResizeRefused', message: 'The volume keeps its size' }),
  };

  it.each<[string, string, Parameters<typeof world>]>([
    [
      'creates the Secrets of spec.env that the message names, with the keys that it needs',
      'kubectl create secret generic api -n acme --from-literal=TOKEN=VALUE --from-literal=URL=VALUE',
      [{ spec: { env }, status: notReady('Runnable', { reason: 'SecretNotFound', message: 'Missing (api); create' }) }],
    ],
    [
      'creates all Secrets of spec.env when the message names none',
      'kubectl create secret generic api -n acme --from-literal=TOKEN=VALUE --from-literal=URL=VALUE && kubectl create secret generic mail -n acme --from-literal=PASSWORD=VALUE',
      [{ spec: { env }, status: notReady('Runnable', { reason: 'SecretNotFound' }) }],
    ],
    [
      'adds the key that the message names to the Secret that is there',
      `kubectl patch secret api -n acme --type=merge -p '{"stringData":{"URL":"VALUE"}}'`,
      [{ spec: { env }, status: notReady('Runnable', { reason: 'SecretKeyMissing', message: 'No (api/URL); add' }) }],
    ],
    [
      'asks for the size again that the volume asks for',
      `kubectl patch workspace writer -n acme --type=merge -p '{"spec":{"storage":{"size":"1Gi"}}}'`,
      [bigger, [claimOf('1Gi')]],
    ],
    [
      'shows the volume when it already asks for that size and its provider fails',
      'kubectl describe pvc writer-1 -n acme',
      [bigger, [claimOf('9Gi')]],
    ],
  ])('%s', async (_name, command, parts) => {
    const status = await statusOf('writer', { objects: world(...parts) });
    expect(status.next?.command).toBe(command);
  });

  it('resumes the ancestor that is suspended, not the nearest one', async () => {
    const objects = [
      org('acme'),
      workspace('platform-agent'),
      workspace('lead', { spec: { suspend: true } }),
      child('researcher', 'lead'),
      child('writer', 'researcher', { status: notReady('Runnable', { reason: 'AncestorSuspended' }) }),
    ];
    const status = await statusOf('writer', { objects });
    expect(status.next?.command).toBe(
      `kubectl patch workspace lead -n acme --type=merge -p '{"spec":{"suspend":false}}'`,
    );
  });
});

describe('what is said about the operator', () => {
  const lease = (spec: object): KubeObject => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'molecule-system', name: 'molecule-operator' },
    ...{ spec: { leaseDurationSeconds: 15, ...spec } },
  });
  const NOBODY = 'No operator leads: nothing is reconciled; see kubectl molecule doctor';
  const STALE = lease({ holderIdentity: 'pod-1', renewTime: '2026-11-21T07:04:29.000000Z' });

  it.each<[string, string | null, RunOptions]>([
    ['that none leads, when the Lease is held by nobody', NOBODY, { objects: [lease({ holderIdentity: '' })] }],
    ['that none leads, when the Lease was not renewed for twice its time', NOBODY, { objects: [STALE] }],
    [
      'nothing, when the Lease is renewed',
      null,
      { objects: [lease({ holderIdentity: 'pod-1', renewTime: '2026-11-21T07:04:31.000000Z' })] },
    ],
    ['nothing, when there is no Lease', null, {}],
    ['nothing, when the Lease may not be read', null, { objects: [STALE], forbidden: ['Lease'] }],
  ])('is %s', async (_name, notice, { objects = [], ...options }) => {
    const status = await statusOf('writer', { ...options, objects: [...world({}), ...objects] });
    expect(status.notice).toBe(notice);
  });

  it('is one line below the state', async () => {
    const { stdout } = await runOn(['status', 'writer'], { objects: [...world({}, CHILDREN), STALE] });
    expect(stdout.split('\n').slice(0, 3)).toEqual(['Workspace acme/writer: Ready', NOBODY, '']);
  });
});

describe('kubectl molecule status of the others', () => {
  it('follows a TemplateAsset from its Secret to whom it delivers to', async () => {
    const message = 'Secret "forge-token" does not exist in this namespace';
    const writing = {
      ...templateAsset('writing'),
      status: notReady('ArtifactReady', { reason: 'SecretNotFound', message }),
    };
    const failing = world({ status: notReady('TemplateReady', { reason: 'TemplateNotReady' }) }, [writing]);
    const { stdout } = await runOn(['status', 'ta/writing'], { objects: failing, env: UTF8 });
    expect(stdout).toMatchInlineSnapshot(`
      "TemplateAsset acme/writing: Waiting

          LINK        NAME         STATE    MESSAGE
        ✔ Template    writing      Ready    Nothing is wrong with the object itself
      → ● Secret      forge-token  Waiting  SecretNotFound: Secret "forge-token" does not exist in this namespace
        ○ Source      -            Unknown  https://git.example.com/templates/writing at main
        ● Artifact    -            Waiting  Nothing is stored yet
        ● Workspaces  -            Waiting  0 of 1 ready; not ready: writer

      Waits for: SecretNotFound: Secret "forge-token" does not exist in this namespace
      Next:      kubectl create secret generic forge-token -n acme --from-file=token=TOKEN_FILE --from-literal=allowedHosts=FORGE_HOST --dry-run=client -o yaml | kubectl apply -n acme -f -

      Events: none
      "
    `);
  });

  it('tells which revisions a TemplateAsset can be rolled back to', async () => {
    const artifact = { revision: 'a'.repeat(40), digest: `sha256:${'ab'.repeat(32)}`, sizeBytes: 1200, files: 4 };
    const history = [...'abcde'].map((digit) => ({
      revision: digit.repeat(40),
      digest: artifact.digest,
      publishedAt: '2026-11-20T07:05:00Z',
    }));
    const messageOf = async (status: object): Promise<string | null | undefined> => {
      const { chain } = await statusOf('ta/writing', { objects: [templateAsset('writing', { status })] });
      return chain.find(({ link }) => link === 'artifact')?.message;
    };
    const own = 'Revision aaaaaaaaaaaa, 4 files, 1200 bytes';
    expect(await messageOf({ artifact, history })).toBe(
      `${own}; before it bbbbbbbbbbbb, cccccccccccc, dddddddddddd and 1 more`,
    );
    expect(await messageOf({ artifact, history: history.slice(0, 1) })).toBe(own);
  });

  it('finds nothing to do about an Org that works', async () => {
    const status = await statusOf('org', { objects: world({}) });
    expect(status).toMatchObject({
      state: 'Ready',
      next: null,
      object: { kind: 'Org', namespace: 'acme', name: 'org' },
    });
    expect(status.chain.map(({ link, message }) => [link, message])).toEqual([
      ['org', 'Nothing is wrong with the object itself'],
      ['workspace', 'The agent is ready'],
      ['workspaces', '3 of 3 ready'],
    ]);
  });

  it('blames the platform agent for an Org that waits for it', async () => {
    const waiting = org('acme', {
      status: notReady('PlatformAgentReady', { reason: 'PlatformAgentNotReady', abnormal: 'Reconciling' }),
    });
    const status = await statusOf('org', { objects: [waiting] });
    expect(culpritOf(status)).toBe('workspace platform-agent');
    expect(status.next).toEqual({ command: 'kubectl molecule status ws/platform-agent -n acme' });
  });
});
