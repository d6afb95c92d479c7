import { describe, expect, it } from 'vitest';
import { APPROVAL_FINALIZER } from '../../../../src/apis/v1alpha1/names.ts';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { desiredPlatformAgent } from '../../../../src/controllers/org/desired.ts';
import { planOrg } from '../../../../src/controllers/org/plan.ts';
import { platformAgentID } from '../../../../src/rules/identity.ts';
import { meta, ORG_UID, org, uidOf, workspace } from '../../../builders/objects.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const ready = {
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'WorkspaceReady',
      message: 'fine',
      lastTransitionTime: '2026-03-01T09:00:00Z',
    },
  ],
} as const;

function platformAgent(changes: Partial<Workspace> = {}): Workspace {
  return workspace('platform-agent', {
    spec: desiredPlatformAgent(org()).spec,
    status: { ...ready, conditions: [...ready.conditions] },
    ...changes,
  });
}

const deleting = (name: string) => ({ ...meta(name, uidOf(name)), deletionTimestamp: '2026-03-01T09:59:00Z' });

describe('planOrg()', () => {
  it('applies the platform agent with the id that follows from the Org', () => {
    const plan = planOrg({ org: org(), workspaces: [] }, NOW);
    expect(plan.writes).toMatchObject([
      {
        kind: 'apply',
        object: {
          metadata: { name: 'platform-agent' },
          spec: { kind: 'platform', tier: 0, id: platformAgentID(ORG_UID), displayName: 'Acme Agent' },
        },
      },
    ]);
    expect(plan.status?.patch).toMatchObject({
      orgID: ORG_UID,
      rootID: platformAgentID(ORG_UID),
      workspaces: { total: 0, billable: 0, ready: 0 },
    });
    expect(plan.outcome.kind).toBe('progressing');
  });

  it.each([
    ['its own name', { displayName: 'Acme', platformAgent: { displayName: 'Ada' } }, 'Ada'],
    ["the Org's name", { displayName: 'Acme' }, 'Acme Agent'],
    ['nothing', {}, 'Org Concierge'],
  ])('names the platform agent after %s (PA-8)', (_name, spec, displayName) => {
    const plan = planOrg({ org: org({ spec }), workspaces: [] }, NOW);
    expect(plan.writes).toMatchObject([{ object: { spec: { displayName } } }]);
  });

  it('counts everybody, bills all but the platform agent (PA-26), and settles when the root is ready', () => {
    const plan = planOrg(
      {
        org: org(),
        workspaces: [
          platformAgent(),
          workspace('a', { status: { conditions: [...ready.conditions] } }),
          workspace('b'),
        ],
      },
      NOW,
    );
    expect(plan.status?.patch).toMatchObject({
      workspaces: { total: 3, billable: 2, ready: 2 },
      platformAgentRef: { name: 'platform-agent' },
    });
    expect(plan.outcome.kind).toBe('settled');
    expect(plan.writes).toEqual([]);
  });

  it('repeats why the platform agent is not ready', () => {
    const agent = platformAgent({
      status: { conditions: [{ ...ready.conditions[0], status: 'False', message: 'no artifact' }] },
    });
    const plan = planOrg({ org: org(), workspaces: [agent] }, NOW);
    expect(plan.status?.patch).toMatchObject({
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'PlatformAgentNotReady',
          message: 'The platform agent is not ready: no artifact',
        },
        { type: 'Reconciling' },
        { type: 'PlatformAgentReady' },
      ],
    });
  });

  it('is stuck when its root is', () => {
    const stalled = { ...ready.conditions[0], type: 'Stalled' };
    const agent = platformAgent({ status: { conditions: [{ ...ready.conditions[0], status: 'False' }, stalled] } });
    const plan = planOrg({ org: org(), workspaces: [agent] }, NOW);
    expect(plan.status?.patch).toMatchObject({ conditions: [{ type: 'Ready' }, { type: 'Stalled' }, {}] });
  });

  it('applies again when somebody changed a field of the platform agent that the Org decides', () => {
    const agent = platformAgent({ spec: { ...desiredPlatformAgent(org()).spec, model: 'somebody/elses' } });
    expect(planOrg({ org: org(), workspaces: [agent] }, NOW).writes).toHaveLength(1);
  });

  it('leaves a platform agent that is going, so that the next pass makes a new one', () => {
    expect(
      planOrg({ org: org(), workspaces: [platformAgent({ metadata: deleting('platform-agent') })] }, NOW).writes,
    ).toEqual([]);
  });

  it('writes nothing when nothing changed', () => {
    const workspaces = [platformAgent()];
    const first = planOrg({ org: org(), workspaces }, NOW);
    const settled = org({ status: first.status?.patch as never });
    expect(planOrg({ org: settled, workspaces }, new Date('2026-05-01T00:00:00Z'))).toMatchObject({
      writes: [],
      outcome: { kind: 'settled' },
    });
    expect(planOrg({ org: settled, workspaces }, NOW).status).toBeUndefined();
  });
});

describe('planOrg() of a deleted Org', () => {
  const gone = org({ metadata: { ...meta('org', ORG_UID), deletionTimestamp: '2026-03-01T09:59:00Z' } });

  it('deletes the Workspaces below first, each once', () => {
    const workspaces = [platformAgent(), workspace('a'), workspace('b', { metadata: deleting('b') })];
    const plan = planOrg({ org: gone, workspaces }, NOW);
    expect(plan.deletes?.map((effect) => effect.key.name)).toEqual(['a']);
    expect(plan.removeFinalizer).toBeUndefined();
  });

  it('deletes the platform agent last', () => {
    expect(
      planOrg({ org: gone, workspaces: [platformAgent()] }, NOW).deletes?.map((effect) => effect.key.name),
    ).toEqual(['platform-agent']);
  });

  it('lets go when nothing is left', () => {
    expect(planOrg({ org: gone, workspaces: [] }, NOW)).toMatchObject({
      deletes: [],
      removeFinalizer: { finalizer: APPROVAL_FINALIZER },
    });
  });
});
