import { LABELS } from '../../../../src/apis/v1alpha1/names.ts';
import type {
  Org,
  OrgDefaults,
  OrgPlatformAgent,
  OrgSpec,
  TemplateAsset,
  TemplateAssetSpec,
  Workspace,
  WorkspaceSpec,
} from '../../../../src/apis/v1alpha1/types.generated.ts';
import {
  meta,
  org,
  templateSource as sourceNamed,
  storedTemplate,
  uidOf,
  workspace,
} from '../../../builders/objects.ts';

/** A world in which everything that can be inherited is, so that every default counts. */
export interface World {
  readonly workspace: Workspace;
  readonly org: Org;
  readonly template: TemplateAsset;
  /** The Secret that spec.env names. */
  readonly secret: { readonly uid: string; readonly data: Readonly<Record<string, string>> };
  readonly catalog: Readonly<Record<string, string>>;
  readonly tierSize: { readonly memoryMB?: number; readonly cpuShares?: number };
  readonly programImage: string;
  readonly assetServerURL: string;
  readonly canRestartInPlace: boolean;
}

export const BASE: World = {
  workspace: workspace('researcher', {
    spec: {
      kind: 'workspace',
      templateRef: { name: 'claude' },
      env: [{ name: 'API_KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'used' } } }],
    },
  }),
  org: org({ spec: { displayName: 'Acme', platformAgent: { templateRef: { name: 'claude' } }, defaults: {} } }),
  template: storedTemplate('claude'),
  secret: { uid: uidOf('keys'), data: { used: 'b25l' } },
  catalog: { 'claude-code': 'example/claude-code:1', codex: 'example/codex:1' },
  tierSize: {},
  programImage: 'example/operator:1',
  assetServerURL: 'http://assets:8443',
  canRestartInPlace: true,
};

/** The same with an agent of tier 3. */
export function privileged(world: World): World {
  return {
    ...world,
    workspace: { ...world.workspace, spec: { ...world.workspace.spec, tier: 3 } },
    org: { ...world.org, spec: { ...world.org.spec, allowPrivilegedTiers: true } },
  };
}

export type Effect = 'Pod replaced' | 'Next restart' | 'In place' | 'Stopped' | 'Nothing' | 'Refused';

export interface Row {
  /** As the first column of docs/workspace-changes.md has it. */
  readonly field: string;
  readonly effect: Exclude<Effect, 'Refused'>;
  readonly change: (world: World) => World;
  /** @default 'workspace' */
  readonly agent?: 'workspace' | 'platform';
  readonly from?: World;
}

export const spec = (field: string, effect: Row['effect'], changes: Partial<WorkspaceSpec>): Row => ({
  field: `\`Workspace.spec.${field}\``,
  effect,
  change: (world) => ({
    ...world,
    workspace: { ...world.workspace, spec: { ...world.workspace.spec, ...changes } },
  }),
});
const orgSpec = (field: string, effect: Row['effect'], changes: Partial<OrgSpec>): Row => ({
  field: `\`Org.spec.${field}\``,
  effect,
  change: (world) => ({ ...world, org: { ...world.org, spec: { ...world.org.spec, ...changes } } }),
});
const defaults = (field: string, effect: Row['effect'], changes: OrgDefaults): Row =>
  orgSpec(`defaults.${field}`, effect, { defaults: { ...BASE.org.spec.defaults, ...changes } });
const platformAgent = (field: string, effect: Row['effect'], changes: OrgPlatformAgent): Row => ({
  ...orgSpec(`platformAgent.${field}`, effect, { platformAgent: { ...BASE.org.spec.platformAgent, ...changes } }),
  agent: 'platform',
});
const templateSpec = (field: string, changes: Partial<TemplateAssetSpec>): Row => ({
  field: `\`TemplateAsset.spec.${field}\``,
  effect: 'Nothing',
  change: (world) => ({
    ...world,
    template: { ...world.template, spec: { ...world.template.spec, ...changes } },
  }),
});
/** What the agent sees of it is that another tree is stored. */
const templateSource = (field: string, changes: Partial<TemplateAssetSpec>): Row => {
  const row = templateSpec(field, changes);
  return { ...row, effect: 'Next restart', change: (world) => storedAnew(row.change(world)) };
};
export const storedAnew = (world: World): World => {
  const { artifact } = world.template.status ?? {};
  if (artifact === undefined) throw new Error('Cannot store anew: nothing is stored');
  const changed = { ...artifact, digest: `sha256:${'cd'.repeat(32)}` };
  return { ...world, template: { ...world.template, status: { artifact: changed } } };
};
const source = sourceNamed('claude');
const artifactRef = { kind: 'GitRepository', name: 'claude' } as const;

export const ROWS: readonly Row[] = [
  {
    field: '`Workspace.metadata.labels`',
    effect: 'Nothing',
    change: (world) => ({
      ...world,
      workspace: {
        ...world.workspace,
        metadata: { ...world.workspace.metadata, labels: { [LABELS.workspace]: 'x' }, annotations: { note: 'x' } },
      },
    }),
  },
  spec('displayName', 'Pod replaced', { displayName: 'Rosa' }),
  spec('role', 'Pod replaced', { role: 'Reads papers' }),
  spec('parentRef.name', 'Nothing', { parentRef: { name: 'platform-agent' } }),
  spec('runtime', 'Pod replaced', { runtime: 'codex' }),
  spec('model', 'Pod replaced', { model: 'm' }),
  spec('provider', 'Pod replaced', { provider: 'p' }),
  spec('image', 'Pod replaced', { image: 'example/own:1' }),
  {
    ...spec('templateRef.name', 'Next restart', { templateRef: { name: 'other' } }),
    change: (world) =>
      storedAnew({ ...world, template: { ...world.template, metadata: meta('other', uidOf('other')) } }),
  },
  spec('tier', 'Pod replaced', { tier: 1 }),
  spec('deliveryMode', 'Nothing', { deliveryMode: 'poll' }),
  spec('billingMode', 'Nothing', { billingMode: 'byok' }),
  spec('env', 'Pod replaced', { env: [...(BASE.workspace.spec.env ?? []), { name: 'LANG', value: 'C' }] }),
  spec('storage.size', 'In place', { storage: { size: '2Gi' } }),
  spec('storage.className', 'Nothing', { storage: { className: 'fast' } }),
  spec('plugins', 'Pod replaced', { plugins: ['notes'] }),
  spec('mcpServers', 'Nothing', { mcpServers: [{ name: 'm', command: 'm' }] }),
  spec('imagePullSecrets', 'Pod replaced', { imagePullSecrets: [{ name: 'registry' }] }),
  spec('suspend', 'Stopped', { suspend: true }),

  { ...orgSpec('displayName', 'Pod replaced', { displayName: 'Ajax' }), agent: 'platform' },
  platformAgent('displayName', 'Pod replaced', { displayName: 'Ada' }),
  platformAgent('runtime', 'Pod replaced', { runtime: 'codex' }),
  platformAgent('model', 'Pod replaced', { model: 'm' }),
  platformAgent('provider', 'Pod replaced', { provider: 'p' }),
  platformAgent('image', 'Pod replaced', { image: 'example/own:1' }),
  {
    ...platformAgent('templateRef.name', 'Next restart', {}),
    change: (world) =>
      storedAnew({ ...world, template: { ...world.template, metadata: meta('other', uidOf('other')) } }),
  },
  platformAgent('storage.size', 'In place', { storage: { size: '2Gi' } }),
  platformAgent('storage.className', 'Nothing', { storage: { className: 'fast' } }),
  platformAgent('visible', 'Nothing', { visible: false }),
  defaults('runtime', 'Pod replaced', { runtime: 'codex' }),
  defaults('model', 'Pod replaced', { model: 'm' }),
  defaults('provider', 'Pod replaced', { provider: 'p' }),
  defaults('image', 'Pod replaced', { image: 'example/default:1' }),
  defaults('imagePullSecrets', 'Pod replaced', { imagePullSecrets: [{ name: 'registry' }] }),
  defaults('tier', 'Pod replaced', { tier: 1 }),
  defaults('storage.size', 'In place', { storage: { size: '2Gi' } }),
  defaults('storage.className', 'Nothing', { storage: { className: 'fast' } }),
  orgSpec('approvals.mode', 'Nothing', { approvals: { mode: 'Refuse' } }),
  orgSpec('approvals.ttl', 'Nothing', { approvals: { ttl: '1h' } }),
  orgSpec('approvals.gatedActions', 'Nothing', { approvals: { gatedActions: [] } }),
  orgSpec('retention.volumes', 'Nothing', { retention: { volumes: '1h' } }),
  {
    ...orgSpec('allowPrivilegedTiers', 'Stopped', { allowPrivilegedTiers: false }),
    from: privileged(BASE),
  },

  templateSource('source.forge', { source: { ...source, forge: 'github' } }),
  templateSource('source.baseURL', { source: { ...source, baseURL: 'https://other.example.com' } }),
  templateSource('source.owner', { source: { ...source, owner: 'others' } }),
  templateSource('source.repo', { source: { ...source, repo: 'other' } }),
  templateSource('source.ref', { source: { ...source, ref: 'next' } }),
  templateSource('source.subPath', { source: { ...source, subPath: 'agent' } }),
  templateSource('artifactRef.kind', { artifactRef: { ...artifactRef, kind: 'OCIRepository' } }),
  templateSource('artifactRef.name', { artifactRef: { ...artifactRef, name: 'other' } }),
  templateSource('artifactRef.subPath', { artifactRef: { ...artifactRef, subPath: 'agent' } }),
  templateSource('include', { include: ['config.yaml'] }),
  templateSpec('verify.commit', { verify: { commit: 'ab'.repeat(20) } }),
  templateSpec('verify.signature.by', { verify: { signature: { by: 'forge' } } }),
  templateSpec('verify.signature.signersRef.name', {
    verify: { signature: { by: 'signers', signersRef: { name: 'keys' } } },
  }),
  templateSpec('auth', { auth: 'disabled' }),
  templateSpec('secretRef.name', { secretRef: { name: 'forge' } }),
  templateSpec('secretRef.key', { secretRef: { name: 'forge', key: 'other' } }),
  templateSpec('limits.assetsBytes', { limits: { assetsBytes: 1_000_000 } }),
  templateSpec('interval', { interval: '1h' }),
  templateSpec('rollout', { rollout: 'Immediate' }),
  templateSpec('suspend', { suspend: true }),

  {
    field: '`Secret.data` of a key in `Workspace.spec.env`',
    effect: 'Pod replaced',
    change: (world) => ({ ...world, secret: { ...world.secret, data: { used: 'dHdv' } } }),
  },
  {
    field: '`Secret.data` of another key',
    effect: 'Nothing',
    change: (world) => ({ ...world, secret: { ...world.secret, data: { ...world.secret.data, more: 'dHdv' } } }),
  },
  {
    field: '`Secret` made anew under its name',
    effect: 'Pod replaced',
    change: (world) => ({ ...world, secret: { ...world.secret, uid: uidOf('anew') } }),
  },
  {
    field: "`ConfigMap/molecule-runtimes` key of the agent's runtime",
    effect: 'Pod replaced',
    change: (world) => ({ ...world, catalog: { ...world.catalog, 'claude-code': 'example/claude-code:2' } }),
  },
  {
    field: '`ConfigMap/molecule-runtimes` key of another runtime',
    effect: 'Nothing',
    change: (world) => ({ ...world, catalog: { ...world.catalog, codex: 'example/codex:2' } }),
  },
  {
    field: "`TIERn_MEMORY_MB` of the agent's tier",
    effect: 'Pod replaced',
    change: (world) => ({ ...world, tierSize: { memoryMB: 1024 } }),
  },
  {
    field: "`TIERn_CPU_SHARES` of the agent's tier",
    effect: 'Pod replaced',
    change: (world) => ({ ...world, tierSize: { cpuShares: 512 } }),
  },
  {
    field: '`--program-image`',
    effect: 'Nothing',
    change: (world) => ({ ...world, programImage: 'example/operator:2' }),
  },
  {
    field: '`--asset-server-url`',
    effect: 'Nothing',
    change: (world) => ({ ...world, assetServerURL: 'http://elsewhere:8443' }),
  },
  {
    field: '`Node` that cannot restart Pods in place',
    effect: 'Nothing',
    change: (world) => ({ ...world, canRestartInPlace: false }),
  },
];

/** Fields that the CRD fixes at creation. */
export const REFUSED = ['Workspace.spec.id', 'Workspace.spec.kind', 'Org.spec.orgID'];
