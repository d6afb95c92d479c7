import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, APPROVAL_FINALIZER, VOLUME_FINALIZER } from '../../../../src/apis/v1alpha1/names.ts';
import type { Condition } from '../../../../src/conditions/condition.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { platformAgentID } from '../../../../src/rules/identity.ts';
import {
  DIGEST,
  ISOLATED,
  NAMESPACE,
  ORG_UID,
  org,
  storedTemplate,
  templateAsset,
  uidOf,
  workspace,
} from '../../../builders/objects.ts';

import { CHILD, condition, LATER, NOW, podOf, running, snapshot, statusOf, templated, volumeOf } from './fixture.ts';

describe('planWorkspace()', () => {
  it('makes the volume first and then the Pod that it controls, and keeps quiet about a state that may be over at once', () => {
    const plan = planWorkspace(snapshot(), NOW);
    expect(
      plan.writes?.map((write) => write.kind === 'create' && [write.object.kind, write.object.metadata.name]),
    ).toEqual([
      ['PersistentVolumeClaim', CHILD],
      ['Pod', CHILD],
    ]);
    expect(plan.writes?.[0]).toMatchObject({ object: { metadata: { finalizers: [VOLUME_FINALIZER] } } });
    expect(plan.writes?.[1]).toMatchObject({ controlledBy: { key: { namespace: NAMESPACE, name: CHILD } } });
    expect(plan.status).toBeUndefined();
    expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs: 2000 });
  });

  it('uses the volume that is there, by its uid', () => {
    const plan = planWorkspace(snapshot({ volume: volumeOf() }), NOW);
    expect(plan.writes).toHaveLength(1);
    expect(plan.writes?.[0]).toMatchObject({ controlledBy: { uid: uidOf('volume') } });
  });

  it('puts our finalizer on before anything else when the policy did not', () => {
    const bare = { ...templated(), metadata: { ...templated().metadata, finalizers: ['other/one'] } };
    const plan = planWorkspace(snapshot({ workspace: bare }), NOW);
    expect(plan.addFinalizer).toMatchObject({
      finalizer: APPROVAL_FINALIZER,
      observed: ['other/one'],
      uid: uidOf('researcher'),
    });
    expect(plan.writes).toBeUndefined();
  });

  it('writes one whole status when the agent is ready, and settles', () => {
    const plan = planWorkspace(running(), LATER);
    expect(plan.writes).toEqual([]);
    expect(statusOf(plan)).toMatchObject({
      phase: 'Online',
      root: 'platform-agent',
      parent: 'platform-agent',
      depth: 1,
      podName: CHILD,
      endpoint: 'http://10.1.0.7:8000',
    });
    expect(statusOf(plan)?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Ready=True',
      'Placed=True',
      'Runnable=True',
      'TemplateReady=True',
      'VolumeReady=True',
      'Materialized=True',
      'AgentReady=True',
    ]);
    expect(statusOf(plan)).toMatchObject({ assets: { digest: DIGEST, files: 4 } });
    expect(plan.outcome.kind).toBe('settled');
  });

  it('writes nothing when nothing changed', () => {
    const first = planWorkspace(running(), LATER);
    const observed = {
      ...templated(),
      status: statusOf(first) as WorkspaceSnapshot['workspace']['status'],
    } as WorkspaceSnapshot['workspace'];
    const second = planWorkspace(running({}, { workspace: observed }), new Date('2026-04-01T00:00:00Z'));
    expect(second.status).toBeUndefined();
    expect(second.writes).toEqual([]);
  });

  it.each([
    ['its Pod was made a moment ago', new Date('2026-03-01T10:00:01.500Z'), undefined, 500],
    ['the state lasts', LATER, 'Reconciling', 30_000],
  ])('tells that it is starting only when that lasts: %s', (_name, now, shown, recheckAfterMs) => {
    const plan = planWorkspace(running({ isReady: false }), now);
    expect(condition(plan, 'Reconciling')?.type).toBe(shown);
    expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs });
  });

  it('tells at once what the apiserver refused, in its words', () => {
    const plan = planWorkspace(snapshot({ lastFailure: { message: 'exceeded quota: pods=10' } }), NOW);
    expect(condition(plan, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'CreateFailed',
      message: 'exceeded quota: pods=10',
    });
    expect(plan.writes).toHaveLength(2);
  });

  it('makes no Pod without an artifact and repeats why there is none', () => {
    const message = 'The forge refused the token';
    const template = templateAsset('claude', {
      status: {
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'Unauthorized',
            message,
            lastTransitionTime: '2026-03-01T09:00:00Z',
          },
        ],
      },
    });
    const plan = planWorkspace(snapshot({ template }), NOW);
    expect(plan.writes).toBeUndefined();
    expect(condition(plan, 'Ready')).toMatchObject({
      reason: 'TemplateNotReady',
      message: `TemplateAsset "claude" has nothing to deliver yet: ${message}`,
    });
    expect(plan.outcome.kind).toBe('waiting');
  });

  it('waits for a template that is on its way without calling that a failure', () => {
    const plan = planWorkspace(snapshot({ template: templateAsset('claude') }), LATER);
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'TemplateNotReady' });
    expect(condition(plan, 'Reconciling')?.status).toBe('True');
    expect(plan.events).toBeUndefined();
  });

  it.each([
    ['without an Org', { org: undefined }, 'OrgNotFound', 'waiting'],
    ['with a template that does not exist', { template: undefined }, 'TemplateNotFound', 'waiting'],
    [
      'with a parent that does not exist',
      { workspace: workspace('researcher', { spec: { kind: 'workspace', parentRef: { name: 'gone' } } }) },
      'ParentNotFound',
      'waiting',
    ],
    [
      'on a privileged tier',
      { workspace: workspace('researcher', { spec: { kind: 'workspace', tier: 3 } }) },
      'TierNotAllowed',
      'stalled',
    ],
    ['without any image', { org: org({ spec: {} }) }, 'ImageMissing', 'stalled'],
    [
      "with the platform agent's id",
      { workspace: workspace('researcher', { spec: { kind: 'workspace', id: platformAgentID(ORG_UID) } }) },
      'NotThePlatformAgent',
      'stalled',
    ],
  ] as const)('makes no Pod %s and says so', (_name, changes, reason, outcome) => {
    const plan = planWorkspace(snapshot(changes as Partial<WorkspaceSnapshot>), NOW);
    expect(plan.writes).toBeUndefined();
    expect(condition(plan, 'Ready')).toMatchObject({ status: 'False', reason });
    expect(plan.outcome.kind).toBe(outcome);
  });

  it('leaves a running agent alone when its Org or template is gone: fewer rights are no reason to stop', () => {
    const plan = planWorkspace({ ...running(), org: undefined, template: undefined }, LATER);
    expect(plan.deletes).toBeUndefined();
    expect(condition(plan, 'AgentReady')?.status).toBe('True');
    expect(condition(plan, 'Ready')).toMatchObject({ status: 'False', reason: 'OrgNotFound' });
  });

  it('stops the agent of a suspended Workspace and keeps its volume', () => {
    const suspended = workspace('researcher', {
      spec: { kind: 'workspace', suspend: true, templateRef: { name: 'claude' } },
    });
    const plan = planWorkspace({ ...running(), workspace: suspended }, LATER);
    expect(plan.deletes).toEqual([
      {
        resource: expect.objectContaining({ kind: 'Pod' }),
        key: { namespace: NAMESPACE, name: CHILD },
        uid: uidOf('pod'),
        resourceVersion: '100',
      },
    ]);
    expect(statusOf(plan)?.phase).toBe('Paused');
  });

  it('names a new digest on the running Pod instead of restarting it', () => {
    const newer = `sha256:${'cd'.repeat(32)}`;
    const template = templateAsset('claude', {
      status: { artifact: { revision: 'f'.repeat(40), digest: newer, sizeBytes: 1, files: 1 } },
    });
    const plan = planWorkspace({ ...running(), template }, LATER);
    expect(plan.writes).toEqual([
      expect.objectContaining({
        kind: 'patch',
        uid: uidOf('pod'),
        patch: { metadata: { annotations: expect.objectContaining({ [ANNOTATIONS.assetsDigest]: newer }) } },
      }),
    ]);
    expect(plan.deletes).toBeUndefined();
    expect(statusOf(plan)).toMatchObject({ assets: { digest: DIGEST } });
  });

  it('replaces a Pod that ended, once it has rested', () => {
    const plan = planWorkspace(running({ phase: 'Failed', isReady: false, ranMs: 0 }), LATER);
    expect(plan.deletes).toHaveLength(1);
    expect(plan.writes).toBeUndefined();
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'AgentRestarting' });
    expect(plan.events).toBeUndefined();
  });

  it('replaces a Pod whose agent was started more often than its files were put right', () => {
    const agent = { state: 'running', restarts: 2 } as const;
    const materialize = { state: 'terminated', exitCode: 0, restarts: 1 } as const;
    const plan = planWorkspace(running({ agent, materialize }), LATER);
    expect(plan.deletes).toHaveLength(1);
    expect(condition(plan, 'Ready')).toMatchObject({ status: 'False', reason: 'RestartedWithoutHealing' });
    expect(
      planWorkspace(running({ agent, materialize: { ...materialize, restarts: 2 } }), LATER).deletes,
    ).toBeUndefined();
  });

  it('lets a Pod that ended at once rest before it makes the next, whatever the clocks say', () => {
    for (const now of [NOW, new Date('2026-02-28T00:00:00Z')]) {
      const plan = planWorkspace(running({ phase: 'Failed', isReady: false, ranMs: 0 }), now);
      expect(plan.deletes).toBeUndefined();
      expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs: 10_000 });
    }
  });

  it('never holds a status back longer than its rule says, whatever the clocks say', () => {
    const plan = planWorkspace(running({ isReady: false }), new Date('2026-02-28T00:00:00Z'));
    expect(plan.outcome).toEqual({ kind: 'progressing', recheckAfterMs: 2_000 });
  });

  it.each<[string, Partial<Condition> | undefined, string | undefined]>([
    ['has not been looked at', undefined, undefined],
    ['is being walled', { status: 'False', lastTransitionTime: '2026-03-01T10:00:09Z' }, undefined],
    ['could not be walled', { status: 'False', lastTransitionTime: '2026-03-01T10:00:05Z' }, 'OrgNotReady'],
  ])('says nothing for a moment when an Org that was there before %s', (_sentence, change, reason) => {
    const conditions = change === undefined ? [] : [{ ...ISOLATED, ...change }];
    const plan = planWorkspace(snapshot({ org: org({ status: { conditions } }) }), LATER);
    expect(condition(plan, 'Ready')?.reason).toBe(reason);
    expect(plan.writes).toBeUndefined();
  });

  it('keeps the paths that an artifact was chosen by, although the spec has others now', () => {
    const template = storedTemplate('claude');
    const artifact = { ...template.status?.artifact, include: ['config.yaml', 'prompts/**'] };
    const changed = {
      ...template,
      spec: { ...template.spec, include: ['config.yaml'] },
      status: { artifact },
    } as typeof template;
    const plan = planWorkspace({ ...running(), template: changed }, LATER);
    expect(plan.writes).toEqual([]);
  });

  it('waits for a Pod that is ending before it makes the next', () => {
    const base = running();
    const plan = planWorkspace(
      {
        ...base,
        pod: { ...podOf(base), metadata: { ...podOf(base).metadata, deletionTimestamp: '2026-03-01T10:00:05Z' } },
      },
      LATER,
    );
    expect([plan.writes, plan.deletes]).toEqual([undefined, undefined]);
    expect(plan.outcome.kind).toBe('progressing');
  });

  it("never touches another incarnation's volume", () => {
    const plan = planWorkspace(snapshot({ volume: volumeOf('99999999-9999-4999-8999-999999999999') }), NOW);
    expect(plan.writes).toBeUndefined();
    expect(condition(plan, 'Ready')).toMatchObject({ reason: 'VolumeConflict' });
    expect(plan.outcome).toEqual({ kind: 'stalled' });
  });

  it.each([
    [65, 'AssetsRefused'],
    [73, 'VolumeNotWritable'],
    [75, 'AssetsUnavailable'],
    [1, 'MaterializeFailed'],
  ])('explains exit code %i of materialize', (lastExitCode, reason) => {
    const materialize = { state: 'waiting', reason: 'CrashLoopBackOff', lastExitCode, restarts: 2 } as const;
    const plan = planWorkspace(running({ isReady: false, materialize }), LATER);
    expect(condition(plan, 'Materialized')).toMatchObject({ status: 'False', reason });
  });
});
