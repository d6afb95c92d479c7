import { describe, expect, it } from 'vitest';
import { REASONS } from '../../../../src/apis/v1alpha1/reasons.ts';
import type { WorkspaceSpec } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { assess } from '../../../../src/controllers/workspace/checks.ts';
import { org, workspace } from '../../../builders/objects.ts';
import { snapshot } from './fixture.ts';

const assessed = (spec: WorkspaceSpec, defaults: object = {}) =>
  assess(
    snapshot({
      workspace: workspace('researcher', { spec: { kind: 'workspace', ...spec } }),
      org: org({ spec: { defaults } }),
      template: undefined,
    }),
  );

describe('an agent that no Pod hosts', () => {
  it.each([
    ['external', 'External'],
    ['kimi-cli', 'External'],
    ['mock', 'Mock'],
  ])('needs neither image nor template when its runtime is %s (TA-5)', (runtime, hosting) => {
    const { blocker, intent, verdicts, ...rest } = assessed({ runtime });
    expect(rest.hosting).toBe(hosting);
    expect([blocker, intent]).toEqual([undefined, undefined]);
    expect(verdicts[2]).toMatchObject({
      status: 'True',
      reason: REASONS.templatesOff,
      message: `The runtime "${runtime}" has no Pod here, so nothing is delivered to it`,
    });
  });

  it("may be so by the Org's default", () => {
    expect(assessed({}, { runtime: 'kimi', image: 'example/agent:1' }).hosting).toBe('External');
  });

  it('is refused a template that is named, because somebody waits for its files', () => {
    const { blocker, verdicts } = assessed({ runtime: 'kimi', templateRef: { name: 'claude' } });
    expect(blocker).toEqual({
      kind: 'stalled',
      reason: REASONS.templateNotSupported,
      message:
        'The runtime "kimi" has no Pod here, so no template can be delivered to it; remove spec.templateRef or use another spec.runtime',
    });
    expect(verdicts[2]).toMatchObject({ status: 'False', reason: REASONS.templateNotSupported });
  });

  it('is not asked for tier, environment and Secrets, which it cannot have', () => {
    const env = [
      { name: 'TIER', value: '1' },
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 'gone', key: 'k' } } },
    ];
    expect(assessed({ runtime: 'external', tier: 4, env })).not.toHaveProperty('blocker');
  });
});

describe('an agent that a Pod hosts', () => {
  it('has an intent', () => {
    const { hosting, intent } = assessed({ image: 'example/agent:1' });
    expect([hosting, intent?.image]).toEqual(['Pod', 'example/agent:1']);
  });
});
