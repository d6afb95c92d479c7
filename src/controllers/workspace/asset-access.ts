import { ANNOTATIONS, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { AuthorizePod } from '../../assets/server/identity.ts';
import { childName } from '../../rules/identity.ts';
import { BY_UID } from '../stores.ts';
import { templateName } from './check-template.ts';
import type { WorkspaceSources } from './gather.ts';

/**
 * Which tree a Pod may read: that of the TemplateAsset of its Workspace, and no other. The Pod must be live under the
 * token's uid, and the Workspace that it claims must claim it back by the name that follows from its incarnation: an
 * edited annotation alone opens nothing, and knowing a digest is no right to read it.
 */
export function createAssetAccess(
  sources: Pick<WorkspaceSources, 'workspaces' | 'pods' | 'templateAssets'>,
): AuthorizePod {
  return ({ namespace, podName, podUID }) => {
    const pod = sources.pods.get({ namespace, name: podName });
    if (pod === undefined || pod.metadata.uid !== podUID || pod.metadata.deletionTimestamp !== undefined)
      return undefined;
    const claimed = pod.metadata.annotations?.[ANNOTATIONS.workspaceUID] ?? '';
    const workspace = sources.workspaces
      .byIndex(BY_UID, claimed)
      .find((candidate) => candidate.metadata.namespace === namespace);
    if (workspace === undefined) return undefined;
    const { name, uid = '' } = workspace.metadata;
    if (childName(name, workspace.status?.incarnation ?? uid) !== podName) return undefined;
    const hasPlatformTemplate = sources.templateAssets.get({ namespace, name: PLATFORM_AGENT_NAME }) !== undefined;
    const template = templateName(workspace, hasPlatformTemplate);
    const digest =
      template === undefined
        ? undefined
        : sources.templateAssets.get({ namespace, name: template })?.status?.artifact?.digest;
    return digest === undefined ? undefined : { workspace: { namespace, name, uid, podUID }, digest };
  };
}
