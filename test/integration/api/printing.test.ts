import { beforeAll, describe, expect, it } from 'vitest';
import { API_VERSION } from '../../../src/apis/v1alpha1/names.ts';
import type {
  ApprovalRequestStatus,
  Condition,
  OrgStatus,
  TemplateAssetStatus,
  WorkspaceStatus,
} from '../../../src/apis/v1alpha1/types.generated.ts';
import { createNamespace, mustKubectl } from '../../support/control-plane.ts';
import { APPROVAL_SPEC, OPERATOR, OTHER_UUID, SHA256, TEMPLATE_ASSET_SPEC, UUID } from './requests.ts';

const REVISION = 'a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0';
const DIGEST = `sha256:${SHA256}`;
const NOW = '2026-11-21T08:00:00Z';
const common = { observedGeneration: 1, lastHandledReconcileAt: 'now' };

function ready(status: Condition['status'], reason: string, message: string): readonly Condition[] {
  const shared = { observedGeneration: 1, lastTransitionTime: NOW, reason, message };
  return [
    { type: 'Ready', status, ...shared },
    { type: 'Reconciling', status: 'True', ...shared },
  ];
}

const org: OrgStatus = {
  ...common,
  orgID: UUID,
  rootID: OTHER_UUID,
  platformAgentRef: { name: 'platform-agent', uid: UUID },
  workspaces: { total: 3, billable: 2, ready: 1 },
  guard: { ready: false, openRoutes: ['policy platform-agent.moleculesai.app is missing: make install'] },
  conditions: ready('False', 'PlatformAgentNotReady', 'The platform agent is not ready'),
};
const workspace: WorkspaceStatus = {
  ...common,
  id: UUID,
  incarnation: UUID,
  root: 'platform-agent',
  parent: 'researcher',
  depth: 2,
  phase: 'Online',
  podName: 'writer-1b4e28ba',
  volumeName: 'writer-1b4e28ba',
  endpoint: 'http://10.0.0.7:8000',
  assets: {
    revision: REVISION,
    digest: DIGEST,
    files: 7,
    healedAt: NOW,
    lastReport: {
      time: NOW,
      podUID: UUID,
      digest: DIGEST,
      changed: 2,
      changes: [
        { path: 'config.yaml', action: 'healed', wanted: 'abababababab', found: 'cdcdcdcdcdcd 644' },
        { path: 'prompts/old.md', action: 'pruned', wanted: 'absent', found: 'symlink' },
      ],
    },
  },
  conditions: ready('True', 'WorkspaceReady', 'The agent is ready'),
};
const templateAsset: TemplateAssetStatus = {
  ...common,
  artifact: { revision: REVISION, digest: DIGEST, sizeBytes: 4096, files: 7 },
  lastAttempt: { revision: 'ab'.repeat(32), reason: 'ArchiveRefused' },
  conditions: ready('False', 'Unauthorized', 'The forge refuses the token'),
};
const approvalRequest: ApprovalRequestStatus = {
  ...common,
  phase: 'Pending',
  plan: {
    totalWorkspaces: 1,
    totalVolumes: 1,
    workspaces: [{ id: UUID, name: 'writer', claimName: 'writer-1b4e28ba', size: '10Gi', isRunning: true }],
  },
  decidedAt: NOW,
  consumedAt: NOW,
  operationID: UUID,
  conditions: ready('False', 'Waiting', 'Waits for a decision'),
};

const objects = [
  ['org', 'Org', 'org', { spec: {}, status: org }],
  ['ws', 'Workspace', 'writer', { spec: { runtime: 'hermes', templateRef: { name: 'default' } }, status: workspace }],
  ['ta', 'TemplateAsset', 'default', { spec: TEMPLATE_ASSET_SPEC, status: templateAsset }],
  ['apr', 'ApprovalRequest', 'apr-1', { spec: APPROVAL_SPEC, status: approvalRequest }],
] as const;

let namespace: string;
beforeAll(async () => {
  namespace = await createNamespace('printing');
  for (const [, kind, name, { spec, status }] of objects) {
    const input = JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name }, spec });
    await mustKubectl(['create', '--validate=strict', '-f', '-'], { namespace, input, ...OPERATOR });
    await mustKubectl(['patch', kind, name, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })], {
      namespace,
      ...OPERATOR,
    });
  }
});

describe('the status', () => {
  it.each(objects)('of %s comes back as it was written', async (_short, kind, name, { status }) => {
    expect(JSON.parse(await mustKubectl(['get', kind, name, '-o', 'jsonpath={.status}'], { namespace }))).toEqual(
      status,
    );
  });

  it.each(objects)('of %s keeps one condition of each type', async (_short, kind, name) => {
    const conditions = [...ready('True', 'A', 'a'), ...ready('True', 'B', 'b')];
    const twice = JSON.stringify({ status: { conditions } });
    const write = mustKubectl(['patch', kind, name, '--subresource=status', '--type=merge', '-p', twice], {
      namespace,
      ...OPERATOR,
    });
    await expect(write).rejects.toThrow('status.conditions[2]: Duplicate value: {"type":"Ready"}');
  });
});

describe('kubectl get', () => {
  it.each([
    ['org', 'org False PlatformAgentNotReady 3 1'],
    ['ws', `writer True WorkspaceReady Online researcher ${REVISION}`],
    ['ta', `default False Unauthorized default main ${REVISION}`],
    ['apr', 'apr-1 Pending Waiting delete_workspace Workspace writer jane 2026-12-01T00:00:00Z'],
  ])('%s tells whether it is fine and if not why', async (short, line) => {
    const printed = (await mustKubectl(['get', short, '--no-headers'], { namespace })).trim().replace(/\s+/g, ' ');
    expect(printed.replace(/ \S+$/, '')).toBe(line);
  });

  it.each([
    ['org', `PlatformAgentNotReady 3 1 AGE The platform agent is not ready false ${UUID}`],
    ['ws', `AGE The agent is ready platform-agent hermes default writer-1b4e28ba AGE ${UUID}`],
    ['ta', `AGE The forge refuses the token 7 4096 ${DIGEST}`],
    ['apr', `AGE False Waits for a decision ${SHA256}`],
  ])('%s -o wide tells more', async (short, words) => {
    const printed = await mustKubectl(['get', short, '--no-headers', '-o', 'wide'], { namespace });
    const withoutAges = printed.replace(/\s(<invalid>|\d+[dhms]\S*)(?=\s)/g, ' AGE').replace(/\s+/g, ' ');
    for (const word of words.split('AGE')) expect(withoutAges).toContain(word.trim());
  });

  it('molecule lists all kinds', async () => {
    const names = (await mustKubectl(['get', 'molecule', '-o', 'name'], { namespace })).trim().split('\n').sort();
    expect(names).toEqual([
      'approvalrequest.moleculesai.app/apr-1',
      'org.moleculesai.app/org',
      'templateasset.moleculesai.app/default',
      'workspace.moleculesai.app/writer',
    ]);
  });

  it.each([
    ['org', `status.orgID=${UUID}`],
    ['ws', 'spec.kind=workspace'],
    ['ws', 'spec.runtime=hermes'],
    ['ws', 'spec.templateRef.name=default'],
    ['ws', `status.id=${UUID}`],
    ['ws', 'status.phase=Online'],
    ['ta', 'spec.source.forge=gitea'],
    ['ta', 'spec.source.owner=templates'],
    ['ta', 'spec.source.repo=default'],
    ['ta', `status.artifact.revision=${REVISION}`],
    ['apr', 'spec.action=delete_workspace'],
    ['apr', 'spec.target.kind=Workspace'],
    ['apr', 'spec.target.name=writer'],
    ['apr', `spec.target.uid=${UUID}`],
    ['apr', 'status.phase=Pending'],
  ])('%s selects by %s', async (short, selector) => {
    const count = async (flag: string): Promise<number> =>
      (await mustKubectl(['get', short, '-o', 'name', '--field-selector', flag], { namespace }))
        .split('\n')
        .filter(Boolean).length;
    expect([await count(selector), await count(selector.replace('=', '!='))]).toEqual([1, 0]);
  });
});

describe('kubectl explain', () => {
  it.each([
    ['org.spec.approvals.mode', 'Hold accepts a deletion and holds the object until somebody has approved it.'],
    ['workspace.spec.parentRef', 'When left out it is the platform agent.'],
    ['templateasset.spec.auth', 'There is no default, so that a missing token is never mistaken for'],
    ['approvalrequest.spec.decision.hash', 'Repeats spec.hash, to say which record was looked at.'],
  ])('%s says what it is for', async (path, description) => {
    expect((await mustKubectl(['explain', path])).replace(/\s+/g, ' ')).toContain(description);
  });
});
