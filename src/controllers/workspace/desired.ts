import type { V1PodSpec } from '@kubernetes/client-node';
import { ANNOTATIONS, LABELS, MANAGED_BY, VOLUME_FINALIZER } from '../../apis/v1alpha1/names.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { canonicalJson, sha256Hex } from '../../platform/digest.ts';
import type { WorkspaceIntent, WorkspaceSettings } from './intent.ts';
import { podSpec } from './pod-spec.ts';

/** The agent's data. Nobody owns it through us, so that no cascade can reach it; the finalizer holds it. */
export function desiredVolume(intent: WorkspaceIntent): KubeObject & { readonly spec: object } {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: intent.childName,
      namespace: intent.namespace,
      labels: childLabels(intent),
      annotations: identity(intent),
      finalizers: [VOLUME_FINALIZER],
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: intent.storage.size } },
      ...(intent.storage.className === undefined ? {} : { storageClassName: intent.storage.className }),
    },
  };
}

/**
 * The agent. Its controller reference, to its own PVC, is added by the executor. `canRestartInPlace`: the node runs
 * init containers again at every exit; without it the Pod ends and the operator makes a new one. Either way nothing
 * starts an agent on files that were not put right before (TA-19).
 */
export function desiredPod(
  intent: WorkspaceIntent,
  settings: WorkspaceSettings,
  canRestartInPlace: boolean,
): KubeObject & { readonly spec: V1PodSpec } {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: intent.childName,
      namespace: intent.namespace,
      labels: childLabels(intent),
      annotations: {
        ...identity(intent),
        [ANNOTATIONS.specHash]: specHash(intent),
        ...templateAnnotations(intent),
        ...secretsAnnotation(intent),
      },
    },
    spec: podSpec(intent, settings, canRestartInPlace),
  };
}

/** The annotations through which a Pod learns its wanted tree; patched in place when the template moves on. */
export function templateAnnotations(intent: WorkspaceIntent): Readonly<Record<string, string>> {
  if (intent.template === undefined) return {};
  return {
    [ANNOTATIONS.assetsDigest]: intent.template.digest,
    [ANNOTATIONS.assetsInclude]: JSON.stringify(intent.template.include),
  };
}

/** Tells which Secrets the agent was started with. */
export function secretsAnnotation({ secretsHash }: WorkspaceIntent): Readonly<Record<string, string>> {
  return secretsHash === undefined ? {} : { [ANNOTATIONS.secretsHash]: secretsHash };
}

/**
 * A Pod with another hash is replaced. Left out on purpose: the tree (healed in place), the Secrets' values (they have a
 * hash of their own), the image of our own programs and the restart mode (an upgrade of the operator or of a node must not
 * restart every agent).
 */
export function specHash(intent: WorkspaceIntent): string {
  const unrelated = { programImage: '', materializeCommand: [], assetServerURL: '' };
  return sha256Hex(canonicalJson(podSpec(intent, unrelated, true))).slice(0, 32);
}

export function identity(intent: Pick<WorkspaceIntent, 'uid' | 'incarnation'>): Readonly<Record<string, string>> {
  return { [ANNOTATIONS.incarnation]: intent.incarnation, [ANNOTATIONS.workspaceUID]: intent.uid };
}

export function childLabels(intent: Pick<WorkspaceIntent, 'name' | 'incarnation'>): Readonly<Record<string, string>> {
  return {
    [LABELS.managedBy]: MANAGED_BY,
    [LABELS.workspace]: intent.name,
    [LABELS.incarnation]: intent.incarnation,
  };
}
