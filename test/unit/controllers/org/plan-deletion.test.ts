import { describe, expect, it } from 'vitest';
import { APPROVAL_FINALIZER } from '../../../../src/apis/v1alpha1/names.ts';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { planOrg } from '../../../../src/controllers/org/plan.ts';
import { platformAgentID } from '../../../../src/rules/identity.ts';
import { granted, OPERATION } from '../../../builders/approval-request.ts';
import { meta, ORG_UID, org, uidOf, workspace } from '../../../builders/objects.ts';
import { snapshot } from './fixture.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const deletionTimestamp = '2026-03-01T09:59:00Z';
const gone = org({ metadata: { ...meta('org', ORG_UID), deletionTimestamp } });
const platformAgent = workspace('platform-agent', { spec: { kind: 'platform' } });
const below = (name: string, parent?: string): Workspace =>
  workspace(name, { spec: { kind: 'workspace', ...(parent === undefined ? {} : { parentRef: { name: parent } }) } });
const going = (object: Workspace): Workspace => ({ ...object, metadata: { ...object.metadata, deletionTimestamp } });
const listing = (workspaces: readonly Workspace[]) =>
  granted({ members: new Set(workspaces.map(({ metadata }) => metadata.uid ?? '')) });
const plan = (workspaces: readonly Workspace[], changes: Parameters<typeof snapshot>[0] = {}) =>
  planOrg(snapshot({ org: gone, leave: listing(workspaces), workspaces, ...changes }), NOW);
const deleted = (workspaces: readonly Workspace[]) => plan(workspaces).deletes?.map(({ key }) => key.name);

describe('planOrg() of an Org whose deletion was approved', () => {
  it.each([
    [
      'the deepest first',
      [platformAgent, below('a'), below('b', 'a'), below('c', 'b'), below('d')],
      ['c', 'b', 'a', 'd'],
    ],
    ['each once', [platformAgent, below('a'), going(below('b'))], ['a']],
    ['those in a circle too', [platformAgent, below('a', 'b'), below('b', 'a')], ['a', 'b']],
    ['the platform agent last', [platformAgent], ['platform-agent']],
    ['the platform agent not while others are going', [platformAgent, going(below('a'))], []],
  ])('deletes %s', (_sentence, workspaces, names) => {
    expect(deleted(workspaces)).toEqual(names);
  });

  it('has the ledger know before it deletes anybody, and asks it nothing while it only waits', () => {
    const first = plan([platformAgent, below('a')]);
    expect(first.approvals).toMatchObject([{ kind: 'snapshot', subjectUID: ORG_UID, object: { kind: 'Org' } }]);
    expect(first.intents).toMatchObject([{ action: 'delete_org', subjectUID: ORG_UID, operationID: OPERATION }]);
    const waiting = plan([platformAgent, going(below('a'))]);
    expect([waiting.approvals, waiting.intents]).toEqual([undefined, undefined]);
  });

  it('deletes those too that came after the approval, last: their deletion waits for one of its own', () => {
    const workspaces = [platformAgent, below('a'), below('late', 'a')];
    const waiting = plan(workspaces, { leave: listing([platformAgent, below('a')]) });
    expect(waiting.deletes?.map(({ key }) => key.name)).toEqual(['a', 'late']);
  });

  it('says why the ledger does not let it', () => {
    const lastFailure = { reason: 'ApprovalRefused', message: 'The operation does not cover it' } as const;
    expect(plan([platformAgent], { lastFailure }).status?.patch).toMatchObject({
      conditions: [{ type: 'Ready', ...lastFailure }, {}, {}, {}, {}],
    });
  });

  it('makes no new platform agent', () => {
    expect(plan([below('a')]).writes).toEqual([]);
  });

  it.each([
    ['several', ['b', 'a'], 'Waits for 2 Workspaces to go: a, b; the platform agent goes last'],
    ['one', ['a'], 'Waits for 1 Workspace to go: a; the platform agent goes last'],
    [
      'more than anybody reads',
      ['g', 'f', 'e', 'd', 'c', 'b', 'a'],
      'Waits for 7 Workspaces to go: a, b, c, d, e and 2 more; the platform agent goes last',
    ],
    ['none but the platform agent', [], 'Waits for the platform agent to go'],
  ])('says whom it waits for: %s', (_sentence, names, message) => {
    expect(plan([platformAgent, ...names.map((name) => below(name))]).status?.patch).toMatchObject({
      conditions: [
        { type: 'Ready', status: 'False', reason: 'DeletingChildren', message },
        { type: 'Reconciling' },
        { type: 'IsolationReady', status: 'True' },
        { type: 'PlatformAgentReady', reason: 'DeletingChildren' },
        { type: 'GuardReady' },
      ],
    });
  });

  it('keeps the walls up, and heals them, while anybody is behind them', () => {
    const isolation = { ...snapshot().isolation, networkPolicy: undefined };
    const waiting = plan([going(platformAgent)], { isolation });
    expect(waiting.writes?.map(({ resource }) => resource.kind)).toEqual(['NetworkPolicy']);
    expect(waiting.deletes).toEqual([]);
    expect(waiting.removeFinalizer).toBeUndefined();
  });

  it('takes the walls down, gives its ids back and lets go, when nobody is left', () => {
    const end = plan([]);
    expect(end.deletes?.map(({ resource, uid }) => [resource.kind, uid])).toEqual([
      ['NetworkPolicy', uidOf('policy')],
      ['ServiceAccount', uidOf('account')],
    ]);
    expect(end.claims).toEqual([
      { kind: 'release', id: ORG_UID, holderUID: ORG_UID },
      { kind: 'release', id: platformAgentID(ORG_UID), holderUID: ORG_UID },
    ]);
    expect(end.intents).toMatchObject([{ operationID: OPERATION }]);
    expect(end.outcomes).toEqual([{ action: 'delete_org', subjectUID: ORG_UID, result: {} }]);
    expect(end.removeFinalizer).toMatchObject({ finalizer: APPROVAL_FINALIZER });
  });

  it('does nothing more once its finalizer is off', () => {
    const { finalizers: _finalizers, ...metadata } = gone.metadata;
    expect(plan([platformAgent], { org: { ...gone, metadata } })).toEqual({ outcome: { kind: 'settled' } });
  });
});
