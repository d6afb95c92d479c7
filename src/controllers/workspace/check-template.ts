import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { REASONS, type Reason } from '../../apis/v1alpha1/reasons.ts';
import type { TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Verdict } from '../../conditions/condition.ts';
import { type Blocker, waiting } from './blocker.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

/** The name of the TemplateAsset that applies; undefined: templates are off. A named one is never replaced (TA-6, TA-7). */
export function templateName(workspace: Workspace, hasPlatformTemplate: boolean): string | undefined {
  const named = workspace.spec.templateRef?.name;
  if (named !== undefined) return named;
  return workspace.spec.kind === 'platform' && hasPlatformTemplate ? PLATFORM_AGENT_NAME : undefined;
}

interface ResolvedTemplate {
  readonly verdict: Verdict;
  readonly blocker?: Blocker;
  readonly resolved?: { readonly digest: string; readonly include: readonly string[] };
}

/** No artifact, no agent: nothing ever starts on a stub (TA-21). */
export function resolveTemplate({ workspace, template }: WorkspaceSnapshot): ResolvedTemplate {
  const name = templateName(workspace, template !== undefined);
  if (name === undefined) {
    const message = 'No template is named, so nothing is delivered to /configs; set spec.templateRef to change that';
    return { verdict: templateVerdict('True', REASONS.templatesOff, message) };
  }
  if (template === undefined) {
    return blockedTemplate(
      REASONS.templateNotFound,
      `TemplateAsset "${name}" does not exist in this namespace; create it or change spec.templateRef`,
    );
  }
  const artifact = template.status?.artifact;
  if (artifact === undefined)
    return blockedTemplate(
      REASONS.templateNotReady,
      `TemplateAsset "${name}" has nothing to deliver yet: ${whyNotReady(template)}`,
    );
  return {
    verdict: templateVerdict(
      'True',
      REASONS.templateReady,
      `TemplateAsset "${name}" delivers revision ${artifact.revision.slice(0, 12)}`,
    ),
    resolved: { digest: artifact.digest, include: artifact.include ?? template.spec.include ?? [] },
  };
}

function whyNotReady(template: TemplateAsset): string {
  return (
    template.status?.conditions?.find((condition) => condition.type === CONDITIONS.ready)?.message ??
    'it has not been looked at yet'
  );
}

function blockedTemplate(reason: Reason, message: string): ResolvedTemplate {
  return { verdict: templateVerdict('False', reason, message), blocker: waiting(reason, message) };
}

function templateVerdict(status: 'True' | 'False', reason: Reason, message: string): Verdict {
  return { type: CONDITIONS.templateReady, status, reason, message };
}
