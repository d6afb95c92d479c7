import type { V1Container } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../../src/apis/v1alpha1/names.ts';
import type { WorkspaceSpec } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { assess } from '../../../../src/controllers/workspace/checks.ts';
import { desiredPod } from '../../../../src/controllers/workspace/desired.ts';
import type { WorkspaceIntent } from '../../../../src/controllers/workspace/intent.ts';
import { isPlatformVariable } from '../../../../src/rules/environment.ts';
import { org, workspace } from '../../../builders/objects.ts';
import { snapshot } from './fixture.ts';

function intentOf(spec: WorkspaceSpec = {}): WorkspaceIntent {
  const { intent } = assess(
    snapshot({
      workspace: workspace('researcher', { spec: { kind: 'workspace', ...spec } }),
      org: org({ spec: { defaults: { image: 'example/agent:1' }, allowPrivilegedTiers: true } }),
    }),
  );
  if (intent === undefined) throw new Error('Cannot make a Pod: the Workspace is blocked');
  return intent;
}

const podSpecOf = (spec: WorkspaceSpec = {}) => desiredPod(intentOf(spec), snapshot().settings, true).spec;
const agentOf = (spec: WorkspaceSpec = {}) =>
  podSpecOf(spec).containers.find(({ name }) => name === 'agent') as V1Container;
const tmpOf = (spec: WorkspaceSpec) => podSpecOf(spec).volumes?.find(({ name }) => name === 'tmp')?.emptyDir;

describe("an agent's Pod", () => {
  it('runs under the account of agents and has none of its tokens', () => {
    expect(podSpecOf()).toMatchObject({ serviceAccountName: 'molecule-agent', automountServiceAccountToken: false });
  });

  it('has neither root nor rights of the node in the tiers 0 to 2', () => {
    const { securityContext, ...spec } = podSpecOf({ tier: 2 });
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(spec).not.toHaveProperty('hostPID');
    expect(spec).not.toHaveProperty('hostNetwork');
    expect(agentOf({ tier: 2 }).securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: false,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('cannot write outside of its volume and a small /tmp in memory in tier 1', () => {
    expect(agentOf({ tier: 1 }).securityContext?.readOnlyRootFilesystem).toBe(true);
    expect(tmpOf({ tier: 1 })).toEqual({ medium: 'Memory', sizeLimit: '64Mi' });
    expect(tmpOf({ tier: 2 })).toEqual({});
  });

  it('is privileged among the processes of its node in tier 3, and still not root', () => {
    expect(podSpecOf({ tier: 3 })).toMatchObject({ hostPID: true, securityContext: { runAsNonRoot: true } });
    expect(podSpecOf({ tier: 3 })).not.toHaveProperty('hostNetwork');
    expect(agentOf({ tier: 3 }).securityContext).toEqual({ privileged: true });
  });

  it("is on its node's network in tier 4 and still finds the cluster's names", () => {
    expect(podSpecOf({ tier: 4 })).toMatchObject({
      hostPID: true,
      hostNetwork: true,
      dnsPolicy: 'ClusterFirstWithHostNet',
    });
  });

  it('may use what its tier gives', () => {
    expect(agentOf({ tier: 4 }).resources?.limits).toEqual({ cpu: '4000m', memory: '4096Mi' });
  });

  it('sets no variable but those that are kept for the platform, and not PARENT_ID', () => {
    const parentRef = { name: 'platform-agent' };
    const full = { displayName: 'R', role: 'r', model: 'm', provider: 'p', plugins: ['a', 'b'], parentRef };
    const names = (agentOf(full).env ?? []).map(({ name }) => name);
    expect(names).toHaveLength(9);
    expect(names.filter((name) => !isPlatformVariable(name))).toEqual([]);
    expect(names).not.toContain('PARENT_ID');
  });

  it('tells the agent who it is and what to think with, with no value expanded by the kubelet', () => {
    const env = agentOf({ displayName: 'R $(TIER)', model: 'm', provider: 'p', plugins: ['a', 'b'], tier: 1 }).env;
    expect(env).toEqual([
      { name: 'WORKSPACE_ID', value: intentOf().id },
      { name: 'WORKSPACE_CONFIG_PATH', value: '/configs' },
      { name: 'TIER', value: '1' },
      { name: 'MODEL', value: 'm' },
      { name: 'MOLECULE_MODEL', value: 'm' },
      { name: 'LLM_PROVIDER', value: 'p' },
      { name: 'MOLECULE_AGENT_NAME', value: 'R $$(TIER)' },
      { name: 'MOLECULE_DECLARED_PLUGINS', value: 'a,b' },
    ]);
  });

  it('pulls its image with the Secrets that are named', () => {
    expect(podSpecOf({ imagePullSecrets: [{ name: 'b' }, { name: 'a' }] }).imagePullSecrets).toEqual([
      { name: 'a' },
      { name: 'b' },
    ]);
  });

  it('says from the start which Secrets it was started with, and nothing where it has none', () => {
    const annotationsOf = (intent: WorkspaceIntent) =>
      desiredPod(intent, snapshot().settings, true).metadata.annotations ?? {};
    expect(annotationsOf({ ...intentOf(), secretsHash: 'one' })).toMatchObject({ [ANNOTATIONS.secretsHash]: 'one' });
    expect(annotationsOf(intentOf())).not.toHaveProperty([ANNOTATIONS.secretsHash]);
  });
});
