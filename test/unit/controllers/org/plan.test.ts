import { describe, expect, it } from 'vitest';
import type { Org, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { desiredPlatformAgent } from '../../../../src/controllers/org/desired.ts';
import { planOrg } from '../../../../src/controllers/org/plan.ts';
import type { Contender } from '../../../../src/rules/claims.ts';
import { platformAgentID } from '../../../../src/rules/identity.ts';
import { meta, ORG_UID, org, uidOf, workspace } from '../../../builders/objects.ts';
import { snapshot } from './fixture.ts';

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

function platformAgent(changes: Partial<Workspace> = {}, of: Org = org()): Workspace {
  const { spec, metadata } = desiredPlatformAgent(of);
  const { annotations = {} } = metadata;
  return workspace('platform-agent', {
    spec,
    status: { ...ready, conditions: [...ready.conditions] },
    metadata: { ...meta('platform-agent', uidOf('platform-agent')), annotations },
    ...changes,
  });
}

const deleting = (name: string) => ({ ...meta(name, uidOf(name)), deletionTimestamp: '2026-03-01T09:59:00Z' });

describe('planOrg()', () => {
  it('applies the platform agent with the id that follows from the Org', () => {
    const plan = planOrg(snapshot(), NOW);
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
    const plan = planOrg(snapshot({ org: org({ spec }) }), NOW);
    expect(plan.writes).toMatchObject([{ object: { spec: { displayName } } }]);
  });

  it('counts everybody, bills all but the platform agent (PA-26), and settles when the root is ready', () => {
    const workspaces = [
      platformAgent(),
      workspace('a', { status: { conditions: [...ready.conditions] } }),
      workspace('b'),
    ];
    const plan = planOrg(snapshot({ workspaces }), NOW);
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
    const plan = planOrg(snapshot({ workspaces: [agent] }), NOW);
    expect(plan.status?.patch).toMatchObject({
      conditions: [
        {
          type: 'Ready',
          status: 'False',
          reason: 'PlatformAgentNotReady',
          message: 'The platform agent is not ready: no artifact',
        },
        { type: 'IsolationReady', status: 'True' },
        { type: 'PlatformAgentReady' },
        { type: 'GuardReady', status: 'True' },
      ],
    });
  });

  it.each([
    ['is under way while its root is', [{ ...ready.conditions[0], type: 'Reconciling' }], ['Reconciling']],
    ['is under way while nothing is known of its root', [], ['Reconciling']],
    ['waits while its root does', [{ ...ready.conditions[0], status: 'False' }], []],
  ] as const)('%s', (_sentence, conditions, abnormal) => {
    const plan = planOrg(snapshot({ workspaces: [platformAgent({ status: { conditions: [...conditions] } })] }), NOW);
    const types = plan.status?.patch.conditions as readonly { readonly type: string }[];
    expect(types.map(({ type }) => type)).toEqual([
      'Ready',
      ...abnormal,
      'IsolationReady',
      'PlatformAgentReady',
      'GuardReady',
    ]);
  });

  it('says that it is suspended as a whole, which is no failure', () => {
    const agent = platformAgent({ status: { conditions: [{ ...ready.conditions[0], status: 'False' }] } });
    const suspended = { ...agent, spec: { ...agent.spec, suspend: true } };
    const plan = planOrg(snapshot({ workspaces: [suspended] }), NOW);
    expect(plan.status?.patch).toMatchObject({ conditions: [{ type: 'Ready', reason: 'Suspended' }, {}, {}, {}] });
    expect(plan.events).toBeUndefined();
  });

  it('is stuck when its root is', () => {
    const stalled = { ...ready.conditions[0], type: 'Stalled' };
    const agent = platformAgent({ status: { conditions: [{ ...ready.conditions[0], status: 'False' }, stalled] } });
    const plan = planOrg(snapshot({ workspaces: [agent] }), NOW);
    expect(plan.status?.patch).toMatchObject({ conditions: [{ type: 'Ready' }, { type: 'Stalled' }, {}, {}, {}] });
  });

  const switched = { displayName: 'Acme', platformAgent: { runtime: 'codex', storage: { size: '2Gi' } } };
  const agentOf = (spec: Org['spec'], changes: Partial<Workspace['spec']> = {}): Workspace => {
    const agent = platformAgent({}, org({ spec }));
    return { ...agent, spec: { ...agent.spec, ...changes } };
  };

  it.each([
    ['leaves a platform agent that is as the Org says', agentOf(switched), 0],
    ['gives it what the Org says anew', agentOf({ displayName: 'Acme' }), 1],
    [
      'lets go of what the Org no longer says',
      agentOf({ ...switched, platformAgent: { ...switched.platformAgent, model: 'm' } }),
      1,
    ],
    ['puts a field right that the Org decides', agentOf(switched, { runtime: 'hermes' }), 1],
    ['puts a member of a field right that the Org decides', agentOf(switched, { storage: { size: '3Gi' } }), 1],
    ['leaves a member beside it to others', agentOf(switched, { storage: { size: '2Gi', className: 'fast' } }), 0],
    [
      'leaves fields that the Org does not name to others',
      agentOf(switched, { model: 'm', suspend: true, env: [{ name: 'A', value: 'b' }] }),
      0,
    ],
    [
      'does not take an agent for its own that it did not apply',
      { ...agentOf(switched), metadata: meta('platform-agent', uidOf('x')) },
      1,
    ],
  ])('%s', (_sentence, agent, writes) => {
    expect(planOrg(snapshot({ org: org({ spec: switched }), workspaces: [agent] }), NOW).writes).toHaveLength(writes);
  });

  it('puts up the walls first, and does not call the Org ready before they stand', () => {
    const isolation = { networkPolicy: undefined, serviceAccount: undefined };
    const bare = planOrg(snapshot({ isolation }), NOW);
    expect(bare.writes?.map(({ resource }) => resource.kind)).toEqual(['NetworkPolicy', 'ServiceAccount', 'Workspace']);
    const drifted = planOrg(snapshot({ isolation, workspaces: [platformAgent()] }), NOW);
    expect(drifted.writes?.map(({ resource }) => resource.kind)).toEqual(['NetworkPolicy', 'ServiceAccount']);
    expect(drifted.status?.patch).toMatchObject({
      conditions: [
        { type: 'Ready', status: 'False', reason: 'Creating' },
        { type: 'Reconciling' },
        { type: 'IsolationReady', status: 'False' },
        { type: 'PlatformAgentReady', status: 'True' },
        { type: 'GuardReady' },
      ],
    });
  });

  it('repeats why the walls could not be put up, and not at the platform agent that has no fault', () => {
    const isolation = { networkPolicy: undefined, serviceAccount: undefined };
    const lastFailure = 'networkpolicies "molecule-org" is forbidden';
    const plan = planOrg(
      snapshot({ isolation, workspaces: [platformAgent()], lastFailure: { message: lastFailure } }),
      NOW,
    );
    expect(plan.status?.patch).toMatchObject({
      conditions: [
        { type: 'Ready', reason: 'CreateFailed', message: lastFailure },
        { type: 'Reconciling' },
        { type: 'IsolationReady', reason: 'CreateFailed', message: lastFailure },
        { type: 'PlatformAgentReady', status: 'True' },
        { type: 'GuardReady' },
      ],
    });
  });

  it('repeats why the platform agent could not be made', () => {
    const plan = planOrg(snapshot({ lastFailure: { message: 'quota' } }), NOW);
    expect(plan.status?.patch).toMatchObject({
      conditions: [
        { type: 'Ready', reason: 'CreateFailed', message: 'quota' },
        { type: 'Reconciling' },
        { type: 'IsolationReady', status: 'True' },
        { type: 'PlatformAgentReady', reason: 'CreateFailed', message: 'quota' },
        { type: 'GuardReady' },
      ],
    });
  });

  it('leaves a platform agent that is going, so that the next pass makes a new one', () => {
    expect(
      planOrg(snapshot({ workspaces: [platformAgent({ metadata: deleting('platform-agent') })] }), NOW).writes,
    ).toEqual([]);
  });

  it('writes nothing when nothing changed', () => {
    const workspaces = [platformAgent()];
    const first = planOrg(snapshot({ workspaces }), NOW);
    const settled = org({ status: first.status?.patch as never });
    expect(planOrg(snapshot({ org: settled, workspaces }), new Date('2026-05-01T00:00:00Z'))).toMatchObject({
      writes: [],
      outcome: { kind: 'settled' },
    });
    expect(planOrg(snapshot({ org: settled, workspaces }), NOW).status).toBeUndefined();
  });
});

describe('planOrg() of an Org whose id another one wants', () => {
  const beta = { uid: uidOf('beta'), kind: 'Org', name: 'beta/org' } as const;
  const elder = { ...beta, createdAt: '2026-03-01T08:00:00Z' };
  const younger = { ...beta, createdAt: '2026-03-01T10:00:00Z' };
  const contested = (rival: Contender, claimedBy?: string) => {
    const [own, root] = snapshot().contests;
    if (own === undefined || root === undefined) throw new Error('The fixture has no contests');
    const contest = { id: own.id, contenders: [...own.contenders, rival] };
    return snapshot({ contests: [claimedBy === undefined ? contest : { ...contest, claimedBy }, root] });
  };

  it('makes no platform agent for the younger one and says whose it is', () => {
    const plan = planOrg(contested(elder), NOW);
    expect(plan.writes).toEqual([]);
    expect(plan.claims).toEqual([]);
    expect(plan.events).toMatchObject([
      { type: 'Warning', reason: 'IDTaken', regarding: { kind: 'Org', name: 'org' } },
    ]);
    expect(plan.status?.patch).toMatchObject({
      conditions: [
        {
          type: 'Ready',
          reason: 'IDTaken',
          message: `The id of this Org belongs to Org beta/org; delete this Org and create it again with another spec.orgID, which can be given at creation only`,
        },
        { type: 'Stalled', reason: 'IDTaken' },
        { type: 'IsolationReady' },
        { type: 'PlatformAgentReady', status: 'False', reason: 'IDTaken' },
        { type: 'GuardReady' },
      ],
    });
  });

  it('deletes nothing of a younger one that has a platform agent already', () => {
    const plan = planOrg({ ...contested(elder), workspaces: [platformAgent()] }, NOW);
    expect(plan.deletes ?? []).toEqual([]);
  });

  it('claims for the elder, once', () => {
    const claim = { kind: 'claim', id: ORG_UID, holderUID: ORG_UID, holderKind: 'Org', holder: 'acme/org' };
    expect(planOrg(contested(younger), NOW).claims).toEqual([claim]);
    expect(planOrg(contested(younger, ORG_UID), NOW).claims).toEqual([]);
    expect(planOrg(contested(younger, 'gone'), NOW).claims).toEqual([{ ...claim, deadHolderUID: 'gone' }]);
  });

  it('claims the id of the platform agent too, in its own name', () => {
    const rootID = platformAgentID(ORG_UID);
    const [own, root] = snapshot().contests;
    if (own === undefined || root === undefined) throw new Error('The fixture has no contests');
    const { claimedBy: _claimedBy, ...free } = root;
    expect(planOrg(snapshot({ contests: [own, free] }), NOW).claims).toEqual([
      { kind: 'claim', id: rootID, holderUID: ORG_UID, holderKind: 'Workspace', holder: 'acme/platform-agent' },
    ]);
  });
});

describe('planOrg() and the guard', () => {
  const conditionsOf = (plan: ReturnType<typeof planOrg>) =>
    (plan.status?.patch.conditions ?? []) as NonNullable<NonNullable<Org['status']>['conditions']>;
  const pass = (openRoutes: readonly string[] | undefined, status?: Org['status']) =>
    planOrg(snapshot({ openRoutes, workspaces: [platformAgent()], ...(status && { org: org({ status }) }) }), NOW);

  it('is not ready, names the open routes and waits for somebody who closes them', () => {
    const plan = pass(['a: close it', 'b: close it too']);
    expect(plan.status?.patch).toMatchObject({
      guard: { ready: false, openRoutes: ['a: close it', 'b: close it too'] },
    });
    expect(conditionsOf(plan)).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'GuardOpen' },
      { type: 'IsolationReady', status: 'True' },
      { type: 'PlatformAgentReady', status: 'True' },
      {
        type: 'GuardReady',
        status: 'False',
        reason: 'GuardOpen',
        message: 'Nothing is destroyed while a way round the approvals is open: a: close it; b: close it too',
      },
    ]);
  });

  it('is ready with every route closed', () => {
    const plan = pass([]);
    expect(plan.status?.patch).toMatchObject({ guard: { ready: true } });
    expect(conditionsOf(plan)[0]).toMatchObject({ type: 'Ready', status: 'True' });
    expect(plan.outcome.kind).toBe('settled');
  });

  it('is on its way while the guard was never examined', () => {
    const plan = pass(undefined);
    expect(plan.status?.patch).not.toHaveProperty('guard');
    expect(conditionsOf(plan)).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'GuardUnknown' },
      { type: 'Reconciling' },
      {},
      {},
      { type: 'GuardReady', status: 'Unknown', reason: 'GuardUnknown' },
    ]);
  });

  it.each([
    ['closed', []],
    ['open', ['a: close it']],
  ])('writes nothing when an operator begins that has not examined it yet: it was %s', (_state, routes) => {
    const said = pass(routes).status?.patch as NonNullable<Org['status']>;
    expect(pass(undefined, said).status).toBeUndefined();
  });
});

describe('planOrg() of a deletion that is held', () => {
  const leave = { kind: 'held', reason: 'AwaitingApproval', message: 'The deletion waits for a human' } as const;
  const going = (deletionTimestamp: string, changes: Partial<Org> = {}): Org =>
    org({ metadata: { ...meta('org', ORG_UID), deletionTimestamp }, ...changes });
  const held = going('2026-03-01T09:59:59Z');

  it('goes on as ever, with a notice that says whom it waits for', () => {
    const plan = planOrg(snapshot({ org: held, leave, workspaces: [platformAgent()] }), NOW);
    expect(plan.status?.patch).toMatchObject({
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'ApprovalPending', status: 'True', reason: leave.reason, message: leave.message },
        {},
        {},
        {},
      ],
    });
    expect([plan.deletes, plan.intents, plan.removeFinalizer]).toEqual(Array(3).fill(undefined));
  });

  it('makes a lost platform agent anew, and puts its walls right', () => {
    const isolation = { networkPolicy: undefined, serviceAccount: undefined };
    const plan = planOrg(snapshot({ org: held, leave, isolation }), NOW);
    expect(plan.writes?.map(({ resource }) => resource.kind)).toEqual(['NetworkPolicy', 'ServiceAccount', 'Workspace']);
  });

  it('says nothing while the request is still being opened', () => {
    const opening = { ...leave, reason: 'RequestingApproval' } as const;
    const pass = (object: Org) =>
      planOrg(snapshot({ org: object, leave: opening, workspaces: [platformAgent()] }), NOW);
    expect(pass(held)).toMatchObject({ outcome: { kind: 'settled', resyncAfterMs: 9_000 } });
    expect(pass(held).status).toBeUndefined();
    expect(pass(going('2026-03-01T09:59:50Z')).status).toBeDefined();
  });

  it('shows a grant while it is given', () => {
    const grant = { request: 'apr-1', hash: 'ab'.repeat(32) };
    expect(planOrg(snapshot({ deletionGrant: grant }), NOW).status?.patch).toMatchObject({ deletionGrant: grant });
  });
});
