import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { findFailure } from '../../conditions/failure.ts';
import { type Blocker, progressing, waiting } from './blocker.ts';
import type { WorkspaceIntent } from './intent.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

/** The name of the TemplateAsset that applies; undefined: templates are off. A named one is never replaced (TA-6, TA-7). */
export function templateName(workspace: Workspace, hasPlatformTemplate: boolean): string | undefined {
  const named = workspace.spec.templateRef?.name;
  if (named !== undefined) return named;
  return workspace.spec.kind === 'platform' && hasPlatformTemplate ? PLATFORM_AGENT_NAME : undefined;
}

export interface ResolvedTemplate {
  readonly verdict: Verdict;
  readonly blocker?: Blocker;
  readonly resolved?: NonNullable<WorkspaceIntent['template']>;
}

/**
 * No artifact, no agent: nothing ever starts on a stub (TA-21). That a newer revision failed is told by the TemplateAsset
 * alone: agents run on what is served, and one bad push would otherwise rewrite the status of everything that uses it.
 */
export function resolveTemplate({ workspace, template }: WorkspaceSnapshot): ResolvedTemplate {
  const name = templateName(workspace, template !== undefined);
  if (name === undefined) {
    const message = 'No template is named, so nothing is delivered to /configs; set spec.templateRef to change that';
    return { verdict: templateVerdict('True', REASONS.templatesOff, message) };
  }
  if (template === undefined) {
    const message = `TemplateAsset "${name}" does not exist in this namespace; create it or change spec.templateRef`;
    return blockedTemplate(waiting(REASONS.templateNotFound, message));
  }
  const artifact = template.status?.artifact;
  if (artifact === undefined) {
    const message = `TemplateAsset "${name}" has nothing to deliver yet: ${whyNotReady(template)}`;
    const hasFailed = findFailure(template.status?.conditions ?? []) !== undefined;
    const block = hasFailed ? waiting : progressing;
    return blockedTemplate(block(REASONS.templateNotReady, message));
  }
  return {
    verdict: templateVerdict(
      'True',
      REASONS.templateReady,
      `TemplateAsset "${name}" delivers revision ${artifact.revision.slice(0, 12)}`,
    ),
    resolved: {
      digest: artifact.digest,
      include: artifact.include ?? template.spec.include ?? [],
      rollout: template.spec.rollout ?? 'NextRestart',
    },
  };
}

function whyNotReady(template: TemplateAsset): string {
  return (
    template.status?.conditions?.find((condition) => condition.type === CONDITIONS.ready)?.message ??
    'it has not been looked at yet'
  );
}

function blockedTemplate(blocker: Blocker): ResolvedTemplate {
  return { verdict: templateVerdict('False', blocker.reason, blocker.message), blocker };
}

function templateVerdict(status: 'True' | 'False', reason: Reason, message: string): Verdict {
  return { type: CONDITIONS.templateReady, status, reason, message };
}
