import { describe, expect, it } from 'vitest';
import { CONDITIONS } from '../../../../src/apis/v1alpha1/conditions.ts';
import type { ApprovalRequest, Org, TemplateAsset, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { ArtifactKeeper } from '../../../../src/controllers/template-asset/artifact-keeper.ts';
import { gatherTemplateAsset } from '../../../../src/controllers/template-asset/gather.ts';
import type { Attempt } from '../../../../src/controllers/template-asset/snapshot.ts';
import type { SourceChecker } from '../../../../src/controllers/template-asset/source-checker.ts';
import { approvalRequest, CLEAR, consumedRequest, HASH, requestStore } from '../../../builders/approval-request.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { NAMESPACE, storedTemplate, templateAsset, workspace } from '../../../builders/objects.ts';

const { signal } = new AbortController();
const failed: Attempt = { kind: 'failed', reason: 'FetchFailed', message: 'x', isFinal: false, nextCheckMs: 1 };
const stored: Attempt = {
  kind: 'stored',
  artifact: { revision: '', digest: '', sizeBytes: 0, files: 0, ignored: 0, include: [] },
  nextCheckMs: 1,
};

async function gather(
  asset: TemplateAsset | undefined,
  workspaces: readonly Workspace[] = [],
  {
    attempt = stored,
    requests = [],
  }: { readonly attempt?: Attempt; readonly requests?: readonly ApprovalRequest[] } = {},
) {
  const calls: string[] = [];
  const note =
    (name: string, result: unknown = undefined) =>
    async () => {
      calls.push(name);
      return result;
    };
  const sources = {
    templateAssets: fakeStore(asset === undefined ? [] : [asset]),
    workspaces: fakeStore(workspaces, {
      template: ({ metadata, spec }) => spec.templateRef && `${metadata.namespace}/${spec.templateRef.name}`,
    }),
    approvalRequests: requestStore(...requests),
    orgs: fakeStore<Org>([]),
    clearance: { current: () => CLEAR },
    checker: { check: note('check', attempt), forget: () => calls.push('forget check') } as unknown as SourceChecker,
    keeper: { restore: note('restore'), forget: () => calls.push('forget loss') } as unknown as ArtifactKeeper,
  };
  const snapshot = await gatherTemplateAsset({ namespace: NAMESPACE, name: 'claude' }, sources, signal);
  return { calls, snapshot };
}

function withSpec(asset: TemplateAsset, spec: Partial<TemplateAsset['spec']>): TemplateAsset {
  return { ...asset, spec: { ...asset.spec, ...spec } };
}

function deleted(asset: TemplateAsset): TemplateAsset {
  return { ...asset, metadata: { ...asset.metadata, deletionTimestamp: '2026-03-01T09:59:00Z' } };
}

const using = (name: string, template = 'claude') =>
  workspace(name, { spec: { kind: 'workspace', templateRef: { name: template } } });

describe('gatherTemplateAsset()', () => {
  it.each<[string, TemplateAsset | undefined, Attempt, readonly string[]]>([
    ['looks at the source', templateAsset('claude'), stored, ['check']],
    ['looks at the source alone while it gives what is wanted', storedTemplate('claude'), stored, ['check']],
    ['sees about what stays published when the source fails', storedTemplate('claude'), failed, ['check', 'restore']],
    ['asks for nothing when nothing was ever published', templateAsset('claude'), failed, ['check']],
    [
      'keeps what is published while suspended',
      withSpec(storedTemplate('claude'), { suspend: true }),
      stored,
      ['restore'],
    ],
    [
      'keeps what is published while disabled',
      withSpec(storedTemplate('claude'), { auth: 'disabled' }),
      stored,
      ['restore'],
    ],
    ['does nothing while suspended from the start', withSpec(templateAsset('claude'), { suspend: true }), stored, []],
    ['does nothing for one that goes because nobody uses it', deleted(storedTemplate('claude')), stored, []],
    ['forgets one that is gone', undefined, stored, ['forget check', 'forget loss']],
  ])('%s', async (_what, asset, attempt, expected) => {
    expect((await gather(asset, [], { attempt })).calls).toEqual(expected);
  });

  it('goes on for those who use it while its deletion is held, and names them once', async () => {
    const platform = workspace('platform-agent', { spec: { kind: 'platform', templateRef: { name: 'claude' } } });
    const { calls, snapshot } = await gather(deleted(storedTemplate('claude')), [
      using('writer'),
      using('other', 'another'),
      platform,
    ]);
    expect(calls).toEqual(['check']);
    expect(snapshot).toMatchObject({ usedBy: ['writer', 'platform-agent'], leave: { kind: 'held' } });
  });

  it('says of one with too many users that nobody can be asked', async () => {
    const users = Array.from({ length: 2_001 }, (_, index) => using(`w${index}`));
    const leaveWith = async (list: readonly Workspace[]) =>
      (await gather(deleted(storedTemplate('claude')), list)).snapshot?.leave;
    expect(await leaveWith(users)).toMatchObject({ kind: 'held', reason: 'RequestTooLarge' });
    expect(await leaveWith(users.slice(1))).toMatchObject({ kind: 'held', reason: 'RequestingApproval' });
  });

  it('does nothing more for one whose deletion was approved', async () => {
    const asset = deleted(storedTemplate('claude'));
    const { calls, snapshot } = await gather(asset, [using('writer')], { requests: [consumedRequest(asset)] });
    expect([calls, snapshot?.leave?.kind]).toEqual([[], 'granted']);
  });

  it.each<[string, boolean, TemplateAsset, ApprovalRequest['status']]>([
    [
      'while it is let go',
      true,
      deleted(storedTemplate('claude')),
      { phase: 'Denied', restoration: { state: 'Releasing' } },
    ],
    [
      'before it has its files',
      true,
      templateAsset('claude'),
      { phase: 'Denied', restoration: { state: 'Releasing' } },
    ],
    ['not once it has', false, storedTemplate('claude'), { phase: 'Denied', restoration: { state: 'Releasing' } }],
    ['not when that is over', false, templateAsset('claude'), { phase: 'Denied', restoration: { state: 'Restored' } }],
  ])('leaves one alone that comes back after a denial: %s', async (_sentence, expected, asset, status) => {
    const { calls, snapshot } = await gather(asset, [using('writer')], { requests: [approvalRequest(asset, status)] });
    expect([snapshot === undefined, calls.length === 0]).toEqual([expected, expected]);
  });

  it('shows the grant of an approval that nobody has used yet', async () => {
    const asset = storedTemplate('claude');
    const requests = [approvalRequest(asset, { phase: 'Approved' })];
    expect((await gather(asset, [], { requests })).snapshot?.deletionGrant).toEqual({
      request: 'apr-claude',
      hash: HASH,
    });
  });

  it('is used by nobody before its first artifact: who waits for it has nothing of it, and would hold it for ever', async () => {
    const { snapshot } = await gather(deleted(templateAsset('claude')), [using('writer')]);
    expect(snapshot?.usedBy).toEqual([]);
  });

  it('counts whoever is gone only to be made again after a no, and nobody whose no is over', async () => {
    const asset = deleted(storedTemplate('claude'));
    const usedBy = async (request: ApprovalRequest) =>
      (await gather(asset, [], { requests: [request] })).snapshot?.usedBy;
    const target = workspace('writer');
    expect(await usedBy(approvalRequest(target, { phase: 'Denied' }))).toEqual(['writer']);
    const conditions = [
      { type: CONDITIONS.concluded, status: 'True', reason: 'Denied', message: '', lastTransitionTime: '' } as const,
    ];
    expect(await usedBy(approvalRequest(target, { phase: 'Denied', conditions }))).toEqual([]);
  });

  it('goes on with one that was denied to go, although nobody uses it any more', async () => {
    const asset = deleted(storedTemplate('claude'));
    const { calls } = await gather(asset, [], { requests: [approvalRequest(asset, { phase: 'Denied' })] });
    expect(calls).toEqual(['check']);
  });

  it('counts the platform agent, which takes the TemplateAsset of its own name without saying so', async () => {
    const asset = deleted(storedTemplate('platform-agent'));
    const sources = {
      templateAssets: fakeStore([asset]),
      workspaces: fakeStore([workspace('platform-agent', { spec: { kind: 'platform' } })], {
        template: () => undefined,
      }),
      approvalRequests: requestStore(),
      orgs: fakeStore<Org>([]),
      clearance: { current: () => CLEAR },
      checker: { check: async () => stored } as unknown as SourceChecker,
      keeper: { restore: async () => undefined } as unknown as ArtifactKeeper,
    };
    const key = { namespace: NAMESPACE, name: 'platform-agent' };
    expect((await gatherTemplateAsset(key, sources, signal))?.usedBy).toEqual(['platform-agent']);
  });
});
