import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { ORG_NAME } from '../../apis/v1alpha1/names.ts';
import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import type { ObservedPod } from '../../controllers/workspace/observed.ts';
import { effectiveRuntime, hostingOf } from '../../rules/runtime.ts';
import { foundValue } from '../read-object.ts';
import { conditionOf, type Standing, standingOf } from '../standing.ts';
import type { Claim, WorkspaceFacts } from './facts.ts';
import { linkTo, linkToOurs, ownStanding, type PlainLink } from './links.ts';

/** What a Workspace needs, in the order in which it needs it: Org, parents from the root down, itself, template, volume, Pod, agent. */
export function workspaceChain(facts: WorkspaceFacts): readonly PlainLink[] {
  const { workspace } = facts;
  const org = foundValue(facts.org);
  const above: readonly PlainLink[] = [
    linkToOurs({ link: 'org', name: ORG_NAME }, facts.org),
    ...facts.parents.toReversed().map(({ name, found }) => linkToOurs({ link: 'parent', name }, found)),
    { link: 'workspace', name: workspace.metadata.name, ...ownStanding(workspace) },
  ];
  const runtime = effectiveRuntime({ own: workspace.spec, defaults: org?.spec.defaults ?? {} });
  const hosting = hostingOf(runtime);
  if (hosting !== 'Pod') {
    const message = `The runtime ${runtime} needs no Pod, no volume and no template`;
    return [...above, { link: 'agent', name: null, ...conditionStanding(facts, CONDITIONS.agentReady), message }];
  }
  return [
    ...above,
    templateLink(facts),
    linkTo(
      { link: 'volume', name: facts.volume.name },
      { ...facts.volume, describe: volumeStanding, whenMissing: NOT_MADE },
    ),
    linkTo(
      { link: 'pod', name: facts.pod.name },
      { ...facts.pod, describe: (pod) => podStanding(pod, facts), whenMissing: NOT_MADE },
    ),
    { link: 'agent', name: null, ...agentStanding(facts) },
  ];
}

const NOT_MADE: Standing = { state: 'Missing', reason: null, message: 'Not made yet' };

function templateLink({ template }: WorkspaceFacts): PlainLink {
  if (template === undefined) {
    const message = 'No template is named, so nothing is delivered to /configs';
    return { link: 'templateAsset', name: null, state: 'Ready', reason: 'TemplatesOff', message };
  }
  const whenMissing: Standing = { state: 'Missing', reason: 'TemplateNotFound', message: 'Does not exist' };
  return linkTo(
    { link: 'templateAsset', name: template.name },
    { ...template, describe: templateStanding, whenMissing },
  );
}

/** One that cannot fetch anew still delivers what it has. */
function templateStanding(asset: TemplateAsset): Standing {
  const standing = standingOf(asset);
  return standing.state === 'Failed' && asset.status?.artifact !== undefined
    ? { ...standing, state: 'Waiting' }
    : standing;
}

function volumeStanding(claim: Claim): Standing {
  const phase = claim.status?.phase ?? 'Pending';
  const parts = [claim.status?.capacity?.storage, claim.spec?.storageClassName].filter((part) => part !== undefined);
  if (claim.metadata.deletionTimestamp !== undefined)
    return { state: 'Deleting', reason: phase, message: 'Is being deleted' };
  if (phase === 'Bound')
    return { state: 'Ready', reason: phase, message: `Bound${parts.map((part) => `, ${part}`).join('')}` };
  if (phase === 'Lost') return { state: 'Failed', reason: phase, message: 'Its PersistentVolume is gone' };
  return { state: 'Progressing', reason: phase, message: 'Is not bound yet' };
}

function podStanding(pod: ObservedPod, facts: WorkspaceFacts): Standing {
  if (pod.metadata.deletionTimestamp !== undefined)
    return { state: 'Deleting', reason: 'Terminating', message: 'Is ending' };
  if (pod.phase === 'Running') {
    const restarts = pod.agent?.restarts ?? 0;
    return { state: 'Ready', reason: pod.phase, message: restarts === 0 ? 'Running' : `Running, ${restarts} restarts` };
  }
  if (pod.phase === 'Failed') return { state: 'Failed', reason: pod.phase, message: 'Has ended' };
  if (pod.unschedulable !== undefined) return { state: 'Waiting', reason: 'Unschedulable', message: pod.unschedulable };
  return { ...conditionStanding(facts, CONDITIONS.materialized), state: 'Progressing' };
}

function agentStanding(facts: WorkspaceFacts): Standing {
  if (facts.pod.found.kind === 'missing') return NOT_MADE;
  return conditionStanding(facts, CONDITIONS.agentReady);
}

function conditionStanding({ workspace }: WorkspaceFacts, type: string): Standing {
  const condition = conditionOf(workspace, type);
  if (condition === undefined) return { state: 'Unknown', reason: null, message: 'The operator has not said' };
  const { reason, message } = condition;
  return { state: condition.status === 'True' ? 'Ready' : 'Waiting', reason, message };
}
