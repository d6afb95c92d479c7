import type { V1Container, V1EnvVar, V1PodSpec, V1Volume } from '@kubernetes/client-node';
import {
  AGENT_PORT,
  ANNOTATIONS,
  ASSET_AUDIENCE,
  CONFIGS_MOUNT,
  CONTAINERS,
  LABELS,
  MANAGED_BY,
  VOLUME_FINALIZER,
} from '../../apis/v1alpha1/names.ts';
import type { WorkspaceSpec } from '../../apis/v1alpha1/types.generated.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { canonicalJson, sha256Hex } from '../../platform/digest.ts';
import type { TierProfile } from '../../rules/tier.ts';

/** What the operator itself brings along; from its configuration. */
export interface WorkspaceSettings {
  /** Image of our own programs; its `materialize` runs as init container. */
  readonly programImage: string;
  readonly materializeCommand: readonly string[];
  /** Where Pods reach the asset server. */
  readonly assetServerURL: string;
}

/** Everything that decides what a Workspace's Pod and PVC look like; resolved by checks.ts. */
export interface WorkspaceIntent {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly id: string;
  readonly incarnation: string;
  /** Name of both the Pod and the PVC. */
  readonly childName: string;
  readonly spec: WorkspaceSpec;
  readonly tier: number;
  readonly profile: TierProfile;
  readonly image: string;
  readonly imagePullSecrets: readonly string[];
  readonly model?: string;
  readonly storage: { readonly size: string; readonly className?: string };
  /** Absent: templates are off and no init container runs. */
  readonly template?: { readonly digest: string; readonly include: readonly string[] };
}

const RUN_AS = 65532;
const STATE_MOUNT = '/var/lib/materialize';
const TOKEN_MOUNT = '/var/run/secrets/moleculesai.app/assets';
const TOKEN_SECONDS = 3600;

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

/**
 * A Pod with another hash is replaced. Left out on purpose: the tree (healed in place), the image of our own programs
 * and the restart mode (an upgrade of the operator or of a node must not restart every agent).
 */
export function specHash(intent: WorkspaceIntent): string {
  const unrelated: WorkspaceSettings = { programImage: '', materializeCommand: [], assetServerURL: '' };
  return sha256Hex(canonicalJson(podSpec(intent, unrelated, true))).slice(0, 32);
}

function identity(intent: WorkspaceIntent): Readonly<Record<string, string>> {
  return { [ANNOTATIONS.incarnation]: intent.incarnation, [ANNOTATIONS.workspaceUID]: intent.uid };
}

function childLabels(intent: WorkspaceIntent): Readonly<Record<string, string>> {
  return {
    [LABELS.managedBy]: MANAGED_BY,
    [LABELS.workspace]: intent.name,
    [LABELS.incarnation]: intent.incarnation,
  };
}

function podSpec(intent: WorkspaceIntent, settings: WorkspaceSettings, canRestartInPlace: boolean): V1PodSpec {
  const hasTemplate = intent.template !== undefined;
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: canRestartInPlace ? 'Always' : 'Never',
    securityContext: {
      runAsNonRoot: true,
      runAsUser: RUN_AS,
      runAsGroup: RUN_AS,
      fsGroup: RUN_AS,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(intent.imagePullSecrets.length === 0
      ? {}
      : { imagePullSecrets: intent.imagePullSecrets.map((name) => ({ name })) }),
    ...(hasTemplate ? { initContainers: [materializeContainer(settings)] } : {}),
    containers: [agentContainer(intent, canRestartInPlace)],
    volumes: volumes(intent, hasTemplate),
  };
}

/** The only container that sees the token and the last good tree (design, section 4, item 3). */
function materializeContainer(settings: WorkspaceSettings): V1Container {
  return {
    name: CONTAINERS.materialize,
    image: settings.programImage,
    command: [...settings.materializeCommand],
    env: [
      fromAnnotation('ASSETS_DIGEST', ANNOTATIONS.assetsDigest),
      fromAnnotation('ASSETS_INCLUDE', ANNOTATIONS.assetsInclude),
      { name: 'ASSET_SERVER_URL', value: settings.assetServerURL },
    ],
    resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      { name: 'configs', mountPath: CONFIGS_MOUNT },
      { name: 'materialize-state', mountPath: STATE_MOUNT },
      { name: 'asset-token', mountPath: TOKEN_MOUNT, readOnly: true },
    ],
  };
}

function agentContainer(intent: WorkspaceIntent, canRestartInPlace: boolean): V1Container {
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
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: intent.profile.isRootReadOnly,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'configs', mountPath: CONFIGS_MOUNT },
      { name: 'tmp', mountPath: '/tmp' },
    ],
    ...(canRestartInPlace ? restartWithHealing() : {}),
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

function agentEnvironment(intent: WorkspaceIntent): V1EnvVar[] {
  const { spec } = intent;
  const own: readonly (readonly [string, string | undefined])[] = [
    ['WORKSPACE_ID', intent.id],
    ['WORKSPACE_CONFIG_PATH', CONFIGS_MOUNT],
    ['TIER', String(intent.tier)],
    ['MODEL', intent.model],
    ['MOLECULE_MODEL', intent.model],
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
    { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
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
