import type { ApprovalRecord } from '../../../../src/rules/approval/record.ts';

export const RECORD: ApprovalRecord = {
  version: 1,
  clusterUID: '00000000-0000-4000-8000-00000000c1a5',
  group: 'moleculesai.app',
  kind: 'Workspace',
  namespace: 'acme',
  name: 'writer',
  uid: '00000000-0000-4000-8000-000000000001',
  specDigest: `sha256:${'ab'.repeat(32)}`,
  action: 'delete_workspace',
  losses: [
    {
      workspaceID: '00000000-0000-4000-8000-0000000000a1',
      name: 'writer',
      uid: '00000000-0000-4000-8000-000000000001',
      claimName: 'writer-00000000',
      claimUID: '00000000-0000-4000-8000-0000000000b1',
      volumeName: 'pvc-1',
      reclaimPolicy: 'Delete',
    },
  ],
  affected: ['editor', 'proofreader'],
  retention: '168h',
  askers: ['jane@example.com'],
  nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
  expiresAt: '2026-11-28T10:00:00Z',
};
