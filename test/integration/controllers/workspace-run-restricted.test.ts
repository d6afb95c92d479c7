import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORGS, TEMPLATE_ASSETS, WORKSPACES } from '../../../src/apis/v1alpha1/resources.ts';
import { createNamespace, mustKubectl } from '../../support/control-plane.ts';
import { startOperator, type TestOperator } from './operator.ts';

let operator: TestOperator;
beforeAll(async () => {
  const namespace = await createNamespace();
  await mustKubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
  operator = await startOperator({ namespace });
  const defaults = { image: 'example.invalid/agent:1' };
  await operator.create(ORGS, { spec: { defaults, allowPrivilegedTiers: true } }, 'org');
  const source = {
    forge: 'gitea',
    baseURL: 'https://git.example.com',
    owner: 'templates',
    repo: 'default',
    ref: 'main',
  };
  await operator.create(TEMPLATE_ASSETS, { spec: { source, auth: 'anonymous' } }, 'default');
});
afterAll(() => operator.stop());

describe('a namespace that enforces the Pod Security Standard restricted', () => {
  it('takes the platform agent', async () => {
    expect((await operator.podOf('platform-agent')).metadata.name).toContain('platform-agent-');
  });

  it.each([
    ['tier-1', { tier: 1 }],
    ['tier-1-templated', { tier: 1, templateRef: { name: 'default' } }],
    ['tier-2', { tier: 2 }],
    ['tier-2-templated', { tier: 2, templateRef: { name: 'default' } }],
  ])('takes an agent of %s', async (name, spec) => {
    await operator.create(WORKSPACES, { spec }, name);
    const pod = await operator.podOf(name);
    expect(pod.spec?.initContainers ?? []).toHaveLength('templateRef' in spec ? 1 : 0);
  });

  it.each([3, 4])('refuses tier %i, which is said in the words of the apiserver', async (tier) => {
    await operator.create(WORKSPACES, { spec: { tier } }, `tier-${tier}`);
    const { condition } = await operator.until(`tier-${tier}`, { type: 'AgentReady', reason: 'CreateFailed' });
    expect(condition.message).toContain('violates PodSecurity "restricted:latest"');
  });
});
