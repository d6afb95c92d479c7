import { describe, expect, it } from 'vitest';
import type { TemplateAsset } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { findConformanceFaults } from '../../../../src/conditions/conformance.ts';
import { planTemplateAsset } from '../../../../src/controllers/template-asset/plan.ts';
import type { Attempt } from '../../../../src/controllers/template-asset/snapshot.ts';
import { templateAssetStatus } from '../../../../src/controllers/template-asset/status.ts';
import { DIGEST, REVISION, storedTemplate, templateAsset } from '../../../builders/objects.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const NEXT = 'f'.repeat(40);
const proof = { reason: 'SignatureVerified', message: 'Revision is signed by SSH key SHA256:x' } as const;

const stored: Attempt = {
  kind: 'stored',
  artifact: { revision: NEXT, digest: DIGEST, sizeBytes: 1200, files: 4, ignored: 0, include: ['config.yaml'] },
  nextCheckMs: 300_000,
  proof,
};
const unproved: Attempt = {
  kind: 'failed',
  reason: 'CommitNotSigned',
  message: 'It is not signed; have it signed',
  isFinal: true,
  isUnproved: true,
  revision: NEXT,
  nextCheckMs: 300_000,
};
const unreachable: Attempt = {
  kind: 'failed',
  reason: 'FetchFailed',
  message: 'No answer; see to it',
  isFinal: false,
  nextCheckMs: 15_000,
};

function verified(asset: TemplateAsset): TemplateAsset {
  return { ...asset, spec: { ...asset.spec, verify: { signature: { by: 'forge' } } } };
}

/** Type and status of each condition, Ready first. */
function conditions(asset: TemplateAsset, attempt?: Attempt): readonly string[] {
  const status = templateAssetStatus({ asset, usedBy: [], ...(attempt === undefined ? {} : { attempt }) }, NOW);
  expect(findConformanceFaults({ ...asset, status })).toEqual([]);
  return (status.conditions ?? []).map((each) => `${each.type}=${each.status} ${each.reason}`);
}

const LIVE = verified(storedTemplate('claude'));

describe('the condition SourceVerified', () => {
  it('is there only while spec.verify is', () => {
    expect(conditions(templateAsset('claude'), stored).join()).not.toContain('SourceVerified');
  });

  it('is True with who signed', () => {
    expect(conditions(LIVE, stored)).toEqual([
      'Ready=True ArtifactStored',
      'SourceVerified=True SignatureVerified',
      'ArtifactReady=True ArtifactStored',
    ]);
  });

  it('is False for a revision that proves nothing, which is not published; the live one stays, and Ready says so', () => {
    expect(conditions(LIVE, unproved)).toEqual([
      'Ready=False CommitNotSigned',
      'Stalled=True CommitNotSigned',
      'SourceVerified=False CommitNotSigned',
      'ArtifactReady=False CommitNotSigned',
    ]);
    const status = templateAssetStatus({ asset: LIVE, usedBy: [], attempt: unproved }, NOW);
    expect(status.artifact?.revision).toBe(REVISION);
    expect(status.lastAttempt).toEqual({ reason: 'CommitNotSigned', revision: NEXT });
    expect(status.conditions?.[0]?.message).toBe(
      `Revision ffffffffffff failed: It is not signed; have it signed; revision ${REVISION.slice(0, 12)} stays live`,
    );
  });

  it('is Unknown while no revision can be looked at, and says nothing while none is wanted', () => {
    expect(conditions(LIVE, unreachable)).toContain('SourceVerified=Unknown FetchFailed');
    expect(conditions(LIVE).join()).not.toContain('SourceVerified');
  });

  it('stays True where what was proved cannot be downloaded', () => {
    expect(conditions(LIVE, { ...unreachable, revision: NEXT, proof })).toContain(
      'SourceVerified=True SignatureVerified',
    );
  });

  it('is told of once, as a warning, and again when all is well', () => {
    const first = planTemplateAsset({ asset: LIVE, usedBy: [], attempt: unproved }, NOW);
    expect(first.events?.map(({ type, reason }) => [type, reason])).toEqual([['Warning', 'CommitNotSigned']]);
    const told = { ...LIVE, status: templateAssetStatus({ asset: LIVE, usedBy: [], attempt: unproved }, NOW) };
    expect(planTemplateAsset({ asset: told, usedBy: [], attempt: unproved }, NOW)).not.toHaveProperty('status');
    const well = planTemplateAsset({ asset: told, usedBy: [], attempt: stored }, NOW);
    expect(well.events?.map(({ type, reason }) => [type, reason])).toContainEqual(['Normal', 'ArtifactStored']);
  });
});
