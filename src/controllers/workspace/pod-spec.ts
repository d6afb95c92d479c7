import type {
  V1Container,
  V1EnvVar,
  V1PodSecurityContext,
  V1PodSpec,
  V1SecurityContext,
  V1Volume,
} from '@kubernetes/client-node';
import {
  AGENT_PORT,
  AGENT_SERVICE_ACCOUNT,
  ANNOTATIONS,
  ASSET_AUDIENCE,
  CONFIGS_MOUNT,
  CONTAINERS,
} from '../../apis/v1alpha1/names.ts';
import type { PlatformVariable } from '../../rules/environment.ts';
import type { TierProfile } from '../../rules/tier.ts';
import type { WorkspaceIntent, WorkspaceSettings } from './intent.ts';

const RUN_AS = 65532;
const STATE_MOUNT = '/var/lib/materialize';
const TOKEN_MOUNT = '/var/run/secrets/moleculesai.app/assets';
const TOKEN_SECONDS = 3600;
/** Whoever touches an agent's volume does it as the same user, so that each can write what the other wrote. */
export const POD_SECURITY: V1PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: RUN_AS,
  runAsGroup: RUN_AS,
  fsGroup: RUN_AS,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
};
/** Of the containers that run our own program. */
export const PROGRAM_SECURITY: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
export const PROGRAM_RESOURCES = { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } };
/** In memory; that nothing in it may be executed (noexec) cannot be said of an emptyDir. */
const SANDBOX_TMP = { medium: 'Memory', sizeLimit: '64Mi' };

/** What the operator itself brings into a Pod. */
type ProgramSettings = Pick<WorkspaceSettings, 'programImage' | 'materializeCommand' | 'assetServerURL'>;

/** What a Workspace's Pod runs; everything in it is in the hash that decides whether the Pod is replaced. */
export function podSpec(intent: WorkspaceIntent, settings: ProgramSettings, canRestartInPlace: boolean): V1PodSpec {
  const hasTemplate = intent.template !== undefined;
  return {
    serviceAccountName: AGENT_SERVICE_ACCOUNT,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // Without a template there is nothing to heal: the kubelet restarts the agent alone, and backs off as it does for anybody.
    restartPolicy: canRestartInPlace || !hasTemplate ? 'Always' : 'Never',
    ...nodeAccess(intent.profile),
    securityContext: POD_SECURITY,
    ...(intent.imagePullSecrets.length === 0
      ? {}
      : { imagePullSecrets: intent.imagePullSecrets.map((name) => ({ name })) }),
    ...(hasTemplate ? { initContainers: [materializeContainer(settings)] } : {}),
    containers: [agentContainer(intent, canRestartInPlace && hasTemplate)],
    volumes: volumes(intent, hasTemplate),
  };
}

/** The node's processes and network, for the tiers that have them. A Pod on the node's network asks the cluster's DNS only if told. */
function nodeAccess({ isPrivileged, hasHostNetwork }: TierProfile): Partial<V1PodSpec> {
  return {
    ...(isPrivileged ? { hostPID: true } : {}),
    ...(hasHostNetwork ? { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' } : {}),
  };
}

/** The only container that sees the token and the last good tree (design, section 4, item 3). */
function materializeContainer(settings: ProgramSettings): V1Container {
  return {
    name: CONTAINERS.materialize,
    image: settings.programImage,
    command: [...settings.materializeCommand],
    env: [
      fromAnnotation('ASSETS_DIGEST', ANNOTATIONS.assetsDigest),
      fromAnnotation('ASSETS_INCLUDE', ANNOTATIONS.assetsInclude),
      { name: 'ASSET_SERVER_URL', value: settings.assetServerURL },
    ],
    resources: PROGRAM_RESOURCES,
    securityContext: PROGRAM_SECURITY,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      { name: 'configs', mountPath: CONFIGS_MOUNT },
      { name: 'materialize-state', mountPath: STATE_MOUNT },
      { name: 'asset-token', mountPath: TOKEN_MOUNT, readOnly: true },
    ],
  };
}

function agentContainer(intent: WorkspaceIntent, restartsWithHealing: boolean): V1Container {
  return {
    name: CONTAINERS.agent,
    image: intent.image,
    env: agentEnvironment(intent),
    ports: [{ name: 'a2a', containerPort: AGENT_PORT }],
    readinessProbe: {
      httpGet: { path: '/.well-known/agent-card.json', port: 'a2a' },
      periodSeconds: 5,
      failureThreshold: 3,
    },
    // Until the card is served; a tight period, because people wait for it.
    startupProbe: {
      httpGet: { path: '/.well-known/agent-card.json', port: 'a2a' },
      periodSeconds: 1,
      failureThreshold: 300,
    },
    resources: {
      requests: { cpu: '50m', memory: '128Mi' },
      limits: { cpu: intent.profile.cpu, memory: intent.profile.memory },
    },
    securityContext: agentSecurity(intent.profile),
    volumeMounts: [
      { name: 'configs', mountPath: CONFIGS_MOUNT },
      { name: 'tmp', mountPath: '/tmp' },
    ],
    ...(restartsWithHealing ? restartWithHealing() : {}),
  };
}

/**
 * A privileged agent still starts as our user and not as root: what it writes to its volume has to stay writable for
 * materialize, or nothing could be healed there. Its image may raise itself (sudo).
 */
function agentSecurity({ isPrivileged, isSandboxed }: TierProfile): V1SecurityContext {
  if (isPrivileged) return { privileged: true };
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: isSandboxed,
    capabilities: { drop: ['ALL'] },
  };
}

/**
 * Every exit of the agent restarts all containers, the init container included. `NotIn []` matches every exit code: an
 * excluded code would let the agent choose to start without healing.
 */
function restartWithHealing(): Pick<V1Container, 'restartPolicy' | 'restartPolicyRules'> {
  return {
    restartPolicy: 'Always',
    restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'NotIn', values: [] } }],
  };
}

/** PARENT_ID is not among them: the tree may be rearranged without restarting anybody. */
function agentEnvironment(intent: WorkspaceIntent): V1EnvVar[] {
  const { spec } = intent;
  const own: readonly (readonly [PlatformVariable, string | undefined])[] = [
    ['WORKSPACE_ID', intent.id],
    ['WORKSPACE_CONFIG_PATH', CONFIGS_MOUNT],
    ['TIER', String(intent.tier)],
    ['MODEL', intent.model],
    ['MOLECULE_MODEL', intent.model],
    ['LLM_PROVIDER', intent.provider],
    ['MOLECULE_AGENT_NAME', spec.displayName ?? intent.name],
    ['MOLECULE_AGENT_ROLE', spec.role],
    ['MOLECULE_DECLARED_PLUGINS', spec.plugins?.join(',')],
  ];
  return [
    ...own.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: literal(value) }])),
    ...(spec.env ?? []).map(({ name, value, valueFrom }) =>
      valueFrom === undefined
        ? { name, value: value ?? '' }
        : { name, valueFrom: { secretKeyRef: { ...valueFrom.secretKeyRef } } },
    ),
  ];
}

/** The kubelet expands $(NAME) in values; a name for people is no place for that. */
function literal(value: string): string {
  return value.replaceAll('$', '$$$$');
}

function volumes(intent: WorkspaceIntent, hasTemplate: boolean): V1Volume[] {
  const common: V1Volume[] = [
    { name: 'configs', persistentVolumeClaim: { claimName: intent.childName } },
    { name: 'tmp', emptyDir: intent.profile.isSandboxed ? SANDBOX_TMP : {} },
  ];
  if (!hasTemplate) return common;
  return [
    ...common,
    { name: 'materialize-state', emptyDir: {} },
    {
      name: 'asset-token',
      projected: {
        sources: [
          { serviceAccountToken: { audience: ASSET_AUDIENCE, expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        ],
      },
    },
  ];
}

function fromAnnotation(name: string, annotation: string): V1EnvVar {
  return { name, valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${annotation}']` } } };
}
