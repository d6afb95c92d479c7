import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { Org, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { effectiveRuntime, type Hosting, hostingOf } from '../../rules/runtime.ts';
import { stalled } from './blocker.ts';
import type { ResolvedTemplate } from './check-template.ts';

export function resolveHosting(workspace: Workspace, org: Org | undefined): Hosting {
  return hostingOf(effectiveRuntime({ own: workspace.spec, defaults: org?.spec.defaults ?? {} }));
}

/**
 * The template of an agent that no Pod hosts: there is no volume to put it on (TA-5). One that is named is refused and not
 * ignored, because whoever named it waits for its files.
 */
export function refuseTemplate(workspace: Workspace, org: Org | undefined): ResolvedTemplate {
  const runtime = effectiveRuntime({ own: workspace.spec, defaults: org?.spec.defaults ?? {} });
  const type = CONDITIONS.templateReady;
  if (workspace.spec.templateRef === undefined) {
    const message = `The runtime "${runtime}" has no Pod here, so nothing is delivered to it`;
    return { verdict: { type, status: 'True', reason: REASONS.templatesOff, message } };
  }
  const reason = REASONS.templateNotSupported;
  const message = `The runtime "${runtime}" has no Pod here, so no template can be delivered to it; remove spec.templateRef or use another spec.runtime`;
  return { verdict: { type, status: 'False', reason, message }, blocker: stalled(reason, message) };
}
