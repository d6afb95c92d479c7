import { describe, expect, it } from 'vitest';
import { ANNOTATIONS, APPROVAL_FINALIZER } from '../../../../src/apis/v1alpha1/names.ts';
import type { TemplateAsset } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { findConformanceFaults } from '../../../../src/conditions/conformance.ts';
import { planTemplateAsset } from '../../../../src/controllers/template-asset/plan.ts';
import type { Attempt, Loss, TemplateAssetSnapshot } from '../../../../src/controllers/template-asset/snapshot.ts';
import { templateAssetStatus } from '../../../../src/controllers/template-asset/status.ts';
import { granted, OPERATION } from '../../../builders/approval-request.ts';
import { DIGEST, meta, REVISION, storedTemplate, templateAsset, uidOf } from '../../../builders/objects.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const NEXT = 'f'.repeat(40);
const LIVE = REVISION.slice(0, 12);

const stored: Attempt = {
  kind: 'stored',
  artifact: { revision: REVISION, digest: DIGEST, sizeBytes: 1200, files: 4, ignored: 0, include: ['config.yaml'] },
  nextCheckMs: 300_000,
};
const refused: Attempt = {
  kind: 'failed',
  reason: 'Unauthorized',
  message: 'The forge refused the token; give it another',
  isFinal: false,
  nextCheckMs: 15_000,
};
const bad: Attempt = {
  ...refused,
  reason: 'NothingIncluded',
  message: 'No file; correct',
  isFinal: true,
  revision: NEXT,
};
const loss: Loss = { reason: 'HostNotFound', message: 'No host; correct it', isFinal: false, nextCheckMs: 7_000 };

function withSpec(asset: TemplateAsset, spec: Partial<TemplateAsset['spec']>): TemplateAsset {
  return { ...asset, spec: { ...asset.spec, ...spec } };
}

function deleted(asset: TemplateAsset): TemplateAsset {
  return { ...asset, metadata: { ...asset.metadata, deletionTimestamp: '2026-03-01T09:59:00Z' } };
}

function condition(snapshot: TemplateAssetSnapshot, type = 'Ready') {
  return templateAssetStatus(snapshot, NOW).conditions?.find((candidate) => candidate.type === type);
}

describe('planTemplateAsset()', () => {
  it('publishes the stored revision and looks again when that is due', () => {
    const plan = planTemplateAsset({ asset: templateAsset('claude'), usedBy: [], attempt: stored }, NOW);
    expect(plan.status?.patch).toMatchObject({ artifact: { revision: REVISION, digest: DIGEST, files: 4 } });
    expect(plan.outcome).toEqual({ kind: 'waiting', recheckAfterMs: 300_000 });
  });

  it('tells once of every revision that agents get from now on', () => {
    const event = {
      type: 'Normal',
      reason: 'ArtifactStored',
      action: 'Fetch',
      note: `Revision ${LIVE} is stored: 4 files`,
      regarding: { kind: 'TemplateAsset', name: 'claude' },
    };
    const asset = templateAsset('claude');
    const first = planTemplateAsset({ asset, usedBy: [], attempt: stored }, NOW);
    expect(first.events).toMatchObject([event]);
    const status = templateAssetStatus({ asset, usedBy: [], attempt: stored }, NOW);
    const second = planTemplateAsset({ asset: { ...asset, status }, usedBy: [], attempt: stored }, NOW);
    expect([second.events, second.status]).toEqual([undefined, undefined]);
    const other: Attempt = { ...stored, artifact: { ...stored.artifact, revision: NEXT } };
    const third = planTemplateAsset({ asset: { ...asset, status }, usedBy: [], attempt: other }, NOW);
    expect(third.events).toMatchObject([{ ...event, note: 'Revision ffffffffffff is stored: 4 files' }]);
  });

  it('warns when a failure begins, is silent while it lasts, and tells when it is over', () => {
    const asset = templateAsset('claude');
    const failed = { asset, usedBy: [], attempt: refused };
    expect(planTemplateAsset(failed, NOW).events).toMatchObject([{ type: 'Warning', reason: 'Unauthorized' }]);
    const failing = { ...asset, status: templateAssetStatus(failed, NOW) };
    expect(planTemplateAsset({ ...failed, asset: failing }, NOW).events).toBeUndefined();
    expect(planTemplateAsset({ ...failed, asset: failing, attempt: stored }, NOW).events).toMatchObject([
      { type: 'Normal', reason: 'ArtifactStored' },
    ]);
  });

  it('looks again when the first of its looks is due', () => {
    const snapshot = { asset: storedTemplate('claude'), usedBy: [], attempt: refused, loss };
    expect(planTemplateAsset(snapshot, NOW).outcome).toEqual({ kind: 'waiting', recheckAfterMs: 7_000 });
  });

  it('puts our finalizer on first', () => {
    const asset = templateAsset('claude', { metadata: { ...meta('claude', uidOf('x')), finalizers: [] } });
    expect(planTemplateAsset({ asset, usedBy: [] }, NOW)).toMatchObject({
      addFinalizer: { finalizer: APPROVAL_FINALIZER },
    });
  });
});

describe('planTemplateAsset() of one that is being deleted', () => {
  const held = { kind: 'held', reason: 'AwaitingApproval', message: 'The deletion waits for a human' } as const;
  const asset = deleted(storedTemplate('claude'));

  it('goes on as ever while Workspaces use it, with a notice that says whom it waits for', () => {
    const snapshot = { asset, usedBy: ['a'], leave: held, attempt: stored };
    const plan = planTemplateAsset(snapshot, NOW);
    expect([plan.removeFinalizer, plan.intents]).toEqual([undefined, undefined]);
    expect(plan.status?.patch).toMatchObject({
      conditions: [
        { type: 'Ready', status: 'True', reason: 'ArtifactStored' },
        { type: 'ApprovalPending', status: 'True', reason: held.reason, message: held.message },
        { type: 'ArtifactReady', status: 'True' },
      ],
    });
    expect(plan.outcome).toEqual({ kind: 'waiting', recheckAfterMs: 300_000 });
  });

  it('says nothing while the request is still being opened', () => {
    const opening = { ...held, reason: 'RequestingApproval' } as const;
    const begun = { ...asset, metadata: { ...asset.metadata, deletionTimestamp: '2026-03-01T09:59:59Z' } };
    const plan = planTemplateAsset({ asset: begun, usedBy: ['a'], leave: opening, attempt: stored }, NOW);
    expect([plan.status, plan.outcome]).toEqual([undefined, { kind: 'waiting', recheckAfterMs: 9_000 }]);
  });

  it('is let go at once when nobody uses it, whatever approvals there are, and says so', () => {
    const plan = planTemplateAsset({ asset, usedBy: [], leave: held }, NOW);
    expect(plan).toMatchObject({
      intents: [{ action: 'delete_template_asset', subjectUID: asset.metadata.uid }],
      outcomes: [{ action: 'delete_template_asset', subjectUID: asset.metadata.uid }],
      events: [
        {
          type: 'Normal',
          reason: 'ReleasedUnused',
          note: 'No Workspace uses TemplateAsset "claude", so that nothing is lost and nobody was asked',
        },
      ],
      removeFinalizer: { finalizer: APPROVAL_FINALIZER },
    });
    expect(plan.intents?.[0]).not.toHaveProperty('operationID');
    expect([plan.status, plan.approvals]).toEqual([undefined, undefined]);
  });

  it('goes under its approval although it is used', () => {
    const plan = planTemplateAsset({ asset, usedBy: ['a'], leave: granted() }, NOW);
    expect(plan).toMatchObject({
      approvals: [{ kind: 'snapshot', object: { kind: 'TemplateAsset' } }],
      intents: [{ operationID: OPERATION, detail: { usedBy: ['a'] } }],
      removeFinalizer: { finalizer: APPROVAL_FINALIZER },
    });
    expect([plan.status, plan.events]).toEqual([undefined, undefined]);
  });

  it.each([
    ['nobody uses it', [], held],
    ['it was approved', ['a'], granted()],
  ] as const)('says what the ledger refuses, before it tries again: %s', (_sentence, usedBy, leave) => {
    const lastFailure = { reason: 'LedgerUnavailable', message: 'The ledger does not answer' } as const;
    const telling = planTemplateAsset({ asset, usedBy, leave, lastFailure }, NOW);
    expect(telling.status?.patch).toMatchObject({ conditions: [{ type: 'Ready', ...lastFailure }, {}, {}] });
    expect([telling.removeFinalizer, telling.intents]).toEqual([undefined, undefined]);
    const status = telling.status?.patch as NonNullable<TemplateAsset['status']>;
    const again = planTemplateAsset({ asset: { ...asset, status }, usedBy, leave, lastFailure }, NOW);
    expect(again.removeFinalizer).toBeDefined();
  });

  it('has nothing more to do once its finalizer is off', () => {
    const { finalizers: _finalizers, ...metadata } = asset.metadata;
    expect(planTemplateAsset({ asset: { ...asset, metadata }, usedBy: [], leave: held }, NOW)).toEqual({
      outcome: { kind: 'settled' },
    });
  });

  it('shows a grant while it is given', () => {
    const grant = { request: 'apr-1', hash: 'ab'.repeat(32) };
    const snapshot = { asset: storedTemplate('claude'), usedBy: [], attempt: stored, deletionGrant: grant };
    expect(templateAssetStatus(snapshot, NOW).deletionGrant).toEqual(grant);
  });
});

describe('the status of a TemplateAsset', () => {
  it('keeps the last good revision live when a newer one fails, and says both', () => {
    const snapshot = { asset: storedTemplate('claude'), usedBy: [], attempt: bad };
    expect(templateAssetStatus(snapshot, NOW)).toMatchObject({
      artifact: { revision: REVISION, digest: DIGEST },
      lastAttempt: { reason: 'NothingIncluded', revision: NEXT },
    });
    expect(condition(snapshot)).toMatchObject({
      status: 'False',
      reason: 'NothingIncluded',
      message: `Revision ffffffffffff failed: No file; correct; revision ${LIVE} stays live`,
    });
  });

  it('says that what is live is lost as well, when it is', () => {
    const snapshot = { asset: storedTemplate('claude'), usedBy: [], attempt: refused, loss };
    expect(condition(snapshot)?.message).toBe(
      `The forge refused the token; give it another; revision ${LIVE} is live and lost from the store, so agents that start wait for it`,
    );
  });

  it('forgets the failure once it succeeds', () => {
    const failed = templateAsset('claude', { status: { lastAttempt: { reason: 'Unauthorized' } } });
    const status = templateAssetStatus({ asset: failed, usedBy: [], attempt: stored }, NOW);
    expect(status).not.toHaveProperty('lastAttempt');
  });

  const disabled = { auth: 'disabled' } as const;
  const suspended = { suspend: true };
  it.each<[string, TemplateAsset, Loss | undefined, object, string]>([
    [
      'disabled',
      withSpec(templateAsset('x'), disabled),
      undefined,
      { status: 'False', reason: 'FetchDisabled' },
      'set',
    ],
    ['disabled later', withSpec(storedTemplate('x'), disabled), undefined, { status: 'True' }, `${LIVE} stays live`],
    [
      'disabled and lost',
      withSpec(storedTemplate('x'), disabled),
      loss,
      { reason: 'FetchDisabled' },
      'set it to token',
    ],
    [
      'suspended early',
      withSpec(templateAsset('x'), suspended),
      undefined,
      { status: 'False', reason: 'Suspended' },
      'spec.suspend',
    ],
    ['suspended', withSpec(storedTemplate('x'), suspended), undefined, { status: 'True' }, `${LIVE} stays live`],
    [
      'suspended and lost',
      withSpec(storedTemplate('x'), suspended),
      loss,
      { reason: 'ArtifactLost' },
      'No host; correct it',
    ],
  ])('says that it is %s', (_what, asset, lost, expected, words) => {
    const snapshot = { asset, usedBy: [], ...(lost === undefined ? {} : { loss: lost }) };
    expect(condition(snapshot)).toMatchObject(expected);
    expect(condition(snapshot)?.message).toContain(words);
    expect(condition(snapshot, 'ArtifactReady')).toMatchObject(expected);
  });

  it.each<[string, Attempt, boolean]>([
    ['a spec that only a person can mend', bad, true],
    ['a forge that cannot be reached', refused, false],
    ['nothing', stored, false],
  ])('is Stalled by %s: %j', (_what, attempt, isStalled) => {
    expect(condition({ asset: templateAsset('claude'), usedBy: [], attempt }, 'Stalled') !== undefined).toBe(isStalled);
  });

  it('answers a request only when the source was looked at', () => {
    const base = templateAsset('claude', { status: { lastHandledReconcileAt: 'earlier' } });
    const metadata = { ...base.metadata, annotations: { [ANNOTATIONS.requestedAt]: 'now' } };
    const asset = { ...base, metadata };
    expect(templateAssetStatus({ asset, usedBy: [], attempt: stored }, NOW).lastHandledReconcileAt).toBe('now');
    expect(templateAssetStatus({ asset, usedBy: [], attempt: refused }, NOW).lastHandledReconcileAt).toBe('now');
    expect(templateAssetStatus({ asset, usedBy: [] }, NOW).lastHandledReconcileAt).toBe('earlier');
  });

  const attempts = [stored, refused, bad, undefined];
  const assets = [templateAsset('x'), storedTemplate('x'), withSpec(storedTemplate('x'), suspended)].flatMap(
    (asset) => [asset, withSpec(asset, disabled), deleted(asset)],
  );
  it.each(
    assets.flatMap((asset) =>
      attempts.flatMap((attempt) => [undefined, loss].map((lost) => ({ asset, attempt, lost }))),
    ),
  )('keeps the rules of a well-behaved status, case %#', ({ asset, attempt, lost }) => {
    const snapshot: TemplateAssetSnapshot = {
      asset,
      usedBy: ['a'],
      ...(attempt === undefined ? {} : { attempt }),
      ...(lost === undefined ? {} : { loss: lost }),
    };
    const status = templateAssetStatus(snapshot, NOW);
    expect(
      findConformanceFaults({ metadata: asset.metadata, status: { ...status, conditions: status.conditions ?? [] } }),
    ).toEqual([]);
  });
});
