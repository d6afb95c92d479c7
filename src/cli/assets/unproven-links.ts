import { explain } from '../standing.ts';
import type { WorkspaceFacts } from '../status/facts.ts';
import type { AssetReport, PodLink, TemplateLink, UnprovenLink, VolumeLink } from './asset-report.ts';

export interface Chain extends Pick<AssetReport, 'template' | 'volume' | 'pod' | 'card'> {
  readonly facts: Pick<WorkspaceFacts, 'workspace' | 'pod'>;
}

/** Where the chain from the published revision to the agent's card does not hold, or is not known to. Without a template there is none. */
export function unprovenLinks({ template, volume, pod, card, facts }: Chain): readonly UnprovenLink[] {
  if (template === null) return [{ link: 'Template', reason: 'none is named' }];
  const reasons: readonly (readonly [UnprovenLink['link'], string | null])[] = [
    ['Template', template.digest === null ? explain(template) : null],
    ['Volume', faultOfVolume(volume, template, pod)],
    ['Pod', faultOfPod(pod, template, facts)],
    ['Card', card.unread],
  ];
  return reasons.flatMap(([link, reason]) => (reason === null ? [] : [{ link, reason }]));
}

function faultOfVolume(volume: VolumeLink | null, template: TemplateLink, pod: PodLink | null): string | null {
  if (volume === null || volume.digest === null) return 'no run has reported what lies on it';
  if (template.digest !== null && volume.digest !== template.digest)
    return 'what the last run proved has another digest than what is published';
  if (pod !== null && volume.reportedBy !== pod.uid)
    return 'an earlier Pod proved it, and this one has not reported yet';
  return null;
}

function faultOfPod(
  pod: PodLink | null,
  template: TemplateLink,
  { workspace, pod: { found } }: Chain['facts'],
): string | null {
  if (found.kind === 'unreadable') return `it cannot be read: ${found.message}`;
  if (pod === null)
    return workspace.spec.suspend === true ? 'there is none while spec.suspend is true' : 'there is none';
  if (template.digest !== null && pod.wantedDigest !== template.digest)
    return 'it was told to use another digest than what is published';
  return null;
}
