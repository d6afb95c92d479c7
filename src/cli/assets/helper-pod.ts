import type { V1Container, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { AGENT_SERVICE_ACCOUNT, CONFIGS_MOUNT, CONTAINERS } from '../../apis/v1alpha1/names.ts';
import { POD_SECURITY, PROGRAM_RESOURCES, PROGRAM_SECURITY } from '../../controllers/workspace/pod-spec.ts';
import type { KubeObject } from '../../kube/objects.ts';

/** Longer than any look takes; the kubelet ends the Pod then, whatever became of whoever made it. */
export const HELPER_SECONDS = 60;

/** None of the operator's labels: neither its stores, nor its sweeps, nor the Org's NetworkPolicy take it for an agent. */
const LABELS = {
  'app.kubernetes.io/name': 'molecule-assets',
  'app.kubernetes.io/managed-by': 'kubectl-molecule',
} as const;

/** The agent's Pod as the apiserver sends it. */
export interface AgentPod extends KubeObject {
  readonly spec?: V1PodSpec;
}

export interface HelperTask {
  readonly claimName: string;
  /** What comes after the program and its target. */
  readonly args: readonly string[];
  readonly isReadOnly: boolean;
  /** Part of the name, so that nobody meets another one's. */
  readonly suffix: string;
}

/**
 * A Pod that looks at an agent's volume from beside it, because an agent's image need not have a shell: the program of its own init
 * container, on its node, where the volume is, with no more rights than that and without its token. It goes with the agent's Pod at
 * the latest. Undefined for a Pod that has no such container.
 */
export function helperPod(agent: AgentPod, task: HelperTask): (KubeObject & Pick<V1Pod, 'spec'>) | undefined {
  const { metadata, spec } = agent;
  const program = spec?.initContainers?.find(({ name }) => name === CONTAINERS.materialize);
  if (spec === undefined || program?.image === undefined) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${metadata.name}-assets-${task.suffix}`,
      namespace: metadata.namespace ?? '',
      labels: LABELS,
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid ?? '' }],
    },
    spec: {
      serviceAccountName: AGENT_SERVICE_ACCOUNT,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Never',
      activeDeadlineSeconds: HELPER_SECONDS,
      terminationGracePeriodSeconds: 5,
      securityContext: POD_SECURITY,
      ...(spec.nodeName === undefined ? {} : { nodeName: spec.nodeName }),
      ...(spec.tolerations === undefined ? {} : { tolerations: spec.tolerations }),
      ...(spec.imagePullSecrets === undefined ? {} : { imagePullSecrets: spec.imagePullSecrets }),
      containers: [container(program, task)],
      volumes: [{ name: 'configs', persistentVolumeClaim: { claimName: task.claimName } }],
    },
  };
}

function container({ image, command, imagePullPolicy }: V1Container, { args, isReadOnly }: HelperTask): V1Container {
  return {
    name: 'assets',
    ...(image === undefined ? {} : { image }),
    ...(command === undefined ? {} : { command }),
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    args: ['--target', CONFIGS_MOUNT, ...args],
    resources: PROGRAM_RESOURCES,
    securityContext: PROGRAM_SECURITY,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [{ name: 'configs', mountPath: CONFIGS_MOUNT, ...(isReadOnly ? { readOnly: true } : {}) }],
  };
}
