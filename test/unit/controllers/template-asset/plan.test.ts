import { describe, expect, it } from 'vitest';
import { APPROVAL_FINALIZER } from '../../../../src/apis/v1alpha1/names.ts';
import { planTemplateAsset } from '../../../../src/controllers/template-asset/plan.ts';
import type { Attempt } from '../../../../src/controllers/template-asset/snapshot.ts';
import { DIGEST, meta, REVISION, storedTemplate, templateAsset, uidOf } from '../../../builders/objects.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const stored: Attempt = {
  kind: 'stored',
  artifact: { revision: REVISION, digest: DIGEST, sizeBytes: 1200, files: 4, include: ['config.yaml'] },
  nextCheckMs: 300_000,
};
const refused: Attempt = {
  kind: 'failed',
  reason: 'Unauthorized',
  message: 'The forge refused the token',
  nextCheckMs: 15_000,
};

function ready(patch: unknown) {
  return (patch as { conditions: readonly { type: string; status: string; reason: string; message: string }[] })
    .conditions[0];
}

describe('planTemplateAsset()', () => {
  it('publishes the stored revision and looks again after the interval', () => {
    const plan = planTemplateAsset({ asset: templateAsset('claude'), usedBy: [], attempt: stored }, NOW);
    expect(plan.status?.patch).toMatchObject({ artifact: { revision: REVISION, digest: DIGEST, files: 4 } });
    expect(ready(plan.status?.patch)).toMatchObject({ type: 'Ready', status: 'True', reason: 'ArtifactStored' });
    expect(plan.outcome).toEqual({ kind: 'settled', resyncAfterMs: 300_000 });
  });

  it('keeps the last good revision live when a newer one fails, and says both', () => {
    const plan = planTemplateAsset(
      { asset: storedTemplate('claude'), usedBy: [], attempt: { ...refused, revision: 'f'.repeat(40) } },
      NOW,
    );
    expect(plan.status?.patch).not.toHaveProperty('artifact');
    expect(plan.status?.patch).toMatchObject({ lastAttempt: { reason: 'Unauthorized', revision: 'f'.repeat(40) } });
    expect(ready(plan.status?.patch)).toMatchObject({
      status: 'False',
      reason: 'Unauthorized',
      message: `The forge refused the token; revision ${REVISION.slice(0, 12)} stays live`,
    });
    expect(plan.outcome).toEqual({ kind: 'waiting', recheckAfterMs: 15_000 });
  });

  it('forgets the failure once it succeeds', () => {
    const failed = templateAsset('claude', { status: { lastAttempt: { reason: 'Unauthorized' } } });
    const plan = planTemplateAsset({ asset: failed, usedBy: [], attempt: stored }, NOW);
    expect(plan.status?.patch).toMatchObject({ lastAttempt: null });
  });

  it.each([
    ['disabled', { auth: 'disabled' as const }, 'False', 'FetchDisabled'],
    ['suspended before anything was fetched', { suspend: true }, 'False', 'Suspended'],
  ])('fetches nothing when %s, and says so', (_name, spec, status, reason) => {
    const base = templateAsset('claude');
    const plan = planTemplateAsset({ asset: { ...base, spec: { ...base.spec, ...spec } }, usedBy: [] }, NOW);
    expect(ready(plan.status?.patch)).toMatchObject({ status, reason });
    expect(plan.outcome).toEqual({ kind: 'settled' });
  });

  it('puts our finalizer on first', () => {
    const asset = templateAsset('claude', { metadata: { ...meta('claude', uidOf('x')), finalizers: [] } });
    expect(planTemplateAsset({ asset, usedBy: [] }, NOW)).toMatchObject({
      addFinalizer: { finalizer: APPROVAL_FINALIZER },
    });
  });

  it('is held while Workspaces use it, by name, and let go when none does', () => {
    const asset = templateAsset('claude', {
      metadata: { ...meta('claude', uidOf('x')), deletionTimestamp: '2026-03-01T09:59:00Z' },
    });
    const held = planTemplateAsset({ asset, usedBy: ['researcher', 'writer'] }, NOW);
    expect(held.removeFinalizer).toBeUndefined();
    expect(ready(held.status?.patch)).toMatchObject({
      reason: 'InUse',
      message: 'Still used by "researcher", "writer"; it goes when no Workspace names it',
    });
    expect(planTemplateAsset({ asset, usedBy: [] }, NOW)).toMatchObject({
      removeFinalizer: { finalizer: APPROVAL_FINALIZER },
    });
  });
});
