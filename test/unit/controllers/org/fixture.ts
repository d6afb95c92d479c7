import { desiredNetworkPolicy } from '../../../../src/controllers/org/isolation.ts';
import type { OrgSnapshot } from '../../../../src/controllers/org/snapshot.ts';
import { platformAgentID } from '../../../../src/rules/identity.ts';
import { meta, NAMESPACE, ORG_UID, org, uidOf } from '../../../builders/objects.ts';

const settings = { assetServerURL: 'http://assets:8443', assetServerPort: 8443 };

/** An Org whose walls stand, whose ids nobody else wants, and which has no Workspace yet. */
export function snapshot(changes: Partial<OrgSnapshot> = {}): OrgSnapshot {
  const { spec } = desiredNetworkPolicy(NAMESPACE, settings);
  const own = { uid: ORG_UID, createdAt: '2026-03-01T09:00:00Z' };
  return {
    org: org(),
    workspaces: [],
    isolation: {
      networkPolicy: { metadata: meta('molecule-org', uidOf('policy')), spec },
      serviceAccount: { metadata: meta('molecule-agent', uidOf('account')), automountServiceAccountToken: false },
    },
    settings,
    openRoutes: [],
    leave: undefined,
    contests: [
      { id: ORG_UID, contenders: [{ ...own, kind: 'Org', name: 'acme/org' }], claimedBy: ORG_UID },
      {
        id: platformAgentID(ORG_UID),
        contenders: [{ ...own, kind: 'Workspace', name: 'acme/platform-agent' }],
        claimedBy: ORG_UID,
      },
    ],
    ...changes,
  };
}
