import { describe, expect, it } from 'vitest';
import type { TemplateAsset, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { resolveTemplate, templateName } from '../../../../src/controllers/workspace/check-template.ts';
import type { WorkspaceSnapshot } from '../../../../src/controllers/workspace/snapshot.ts';
import { DIGEST, REVISION, storedTemplate, templateAsset, workspace } from '../../../builders/objects.ts';

const named = workspace('writer', { spec: { kind: 'workspace', templateRef: { name: 'claude' } } });
const platform = workspace('platform-agent', { spec: { kind: 'platform' } });

function resolve(template: TemplateAsset | undefined, of: Workspace = named) {
  return resolveTemplate({ workspace: of, template } as WorkspaceSnapshot);
}

describe('the template of a Workspace', () => {
  it('is the named one, whatever else there is (TA-6)', () => {
    expect(templateName(named, true)).toBe('claude');
    expect(templateName({ ...platform, spec: { ...platform.spec, templateRef: { name: 'claude' } } }, true)).toBe(
      'claude',
    );
  });

  it('is platform-agent for the platform agent that names none (TA-7)', () => {
    expect(templateName(platform, true)).toBe('platform-agent');
    expect(templateName(platform, false)).toBeUndefined();
  });

  it('is none for any other that names none', () => {
    expect(templateName(workspace('writer'), true)).toBeUndefined();
    expect(resolve(undefined, workspace('writer'))).toMatchObject({
      verdict: { status: 'True', reason: 'TemplatesOff' },
    });
  });

  it('waits for a TemplateAsset that does not exist, and takes no other', () => {
    expect(resolve(undefined)).toMatchObject({
      verdict: { status: 'False', reason: 'TemplateNotFound' },
      blocker: { kind: 'waiting' },
    });
    expect(resolve(undefined).resolved).toBeUndefined();
  });

  it('waits for one that has nothing to deliver yet, and repeats why', () => {
    const message = 'The forge refused the token';
    const condition = {
      type: 'Ready',
      status: 'False',
      reason: 'Unauthorized',
      message,
      lastTransitionTime: '',
    } as const;
    const failing = templateAsset('claude', { status: { conditions: [condition] } });
    expect(resolve(failing).verdict).toMatchObject({
      reason: 'TemplateNotReady',
      message: `TemplateAsset "claude" has nothing to deliver yet: ${message}`,
    });
    expect(resolve(templateAsset('claude')).verdict.message).toContain('it has not been looked at yet');
  });

  it('delivers what is published, chosen by the include of then, with the rollout of now', () => {
    const base = storedTemplate('claude');
    const artifact = { revision: REVISION, digest: DIGEST, sizeBytes: 1, files: 1, include: ['skills/**'] };
    const template = { ...base, status: { artifact }, spec: { ...base.spec, rollout: 'Immediate' as const } };
    expect(resolve(template).resolved).toEqual({ digest: DIGEST, include: ['skills/**'], rollout: 'Immediate' });
    expect(resolve(base).resolved).toEqual({ digest: DIGEST, include: base.spec.include, rollout: 'NextRestart' });
  });

  it('says the same while a newer revision fails, so that nothing is written about it', () => {
    const good = storedTemplate('claude');
    const lastAttempt = { reason: 'NothingIncluded', revision: 'f'.repeat(40) };
    expect(resolve({ ...good, status: { ...good.status, lastAttempt } })).toEqual(resolve(good));
  });
});
