import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { ANNOTATIONS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import type { TemplateAsset } from '../../apis/v1alpha1/types.generated.ts';
import { type ClusterFlags, clusterWords } from '../options.ts';
import { CLI_API_VERSION } from '../print-structured.ts';
import { foundValue } from '../read-object.ts';
import { conditionOf, explain, standingOf } from '../standing.ts';
import type { WorkspaceFacts } from '../status/facts.ts';
import type { AssetReport, CardLink, Change, PodLink, TemplateLink, VolumeLink } from './asset-report.ts';
import { unprovenLinks } from './unproven-links.ts';

export interface AssetFacts extends Pick<WorkspaceFacts, 'workspace' | 'template' | 'pod'> {
  readonly card: CardLink;
  /** For commands to copy. */
  readonly flags: Pick<ClusterFlags, 'context' | 'kubeconfig'>;
}

/** What the operator says of a run that ended without the files; before a run it has other reasons. */
const FAILED_RUNS: ReadonlySet<string> = new Set([
  REASONS.assetsRefused,
  REASONS.assetsUnavailable,
  REASONS.materializeFailed,
  REASONS.volumeNotWritable,
]);

/** Puts the links together, and says where the chain ends that should not end. */
export function judgeAssets(facts: AssetFacts): AssetReport {
  const { card, workspace } = facts;
  const { namespace = '', name } = workspace.metadata;
  const { assets } = workspace.status ?? {};
  const template = templateLink(facts);
  const volume = volumeLink(facts);
  const pod = podLink(facts);
  const changes = assets?.lastReport?.changes ?? [];
  const digests = [template?.digest ?? null, volume?.digest ?? null];
  const isCurrent = digests.includes(null) ? null : digests[0] === digests[1];
  return {
    apiVersion: CLI_API_VERSION,
    kind: 'AssetReport',
    object: { kind: 'Workspace', namespace, name },
    isCurrent,
    unproven: unprovenLinks({ template, volume, pod, card, facts }),
    notes: [
      ...templateNotes(facts),
      ...materializeNotes(facts),
      ...(isCurrent === true ? [] : gapNotes(facts, { template, isKnown: isCurrent === false })),
    ],
    template,
    volume,
    pod,
    card,
    changes: changes.map(
      ({ path, action, wanted = null, found = null, keptAt = null }): Change => ({
        path,
        action,
        wanted,
        found,
        keptAt,
        time: assets?.lastReport?.time ?? '',
      }),
    ),
    changed: assets?.lastReport?.changed ?? 0,
    kept: assets?.kept ?? [],
  };
}

function templateLink({ template }: AssetFacts): TemplateLink | null {
  if (template === undefined) return null;
  const { name, found } = template;
  const nothing = { name, revision: null, digest: null, files: null, publishedAt: null };
  switch (found.kind) {
    case 'missing':
      return { ...nothing, state: 'Missing', reason: 'TemplateNotFound', message: 'Does not exist' };
    case 'unreadable':
      return { ...nothing, state: 'Unknown', reason: 'Forbidden', message: `Cannot be read: ${found.message}` };
    case 'found': {
      const { artifact, history = [] } = found.value.status ?? {};
      const standing = standingOf(found.value);
      if (artifact === undefined) return { ...nothing, ...standing };
      const { revision, digest, files } = artifact;
      const [newest] = history;
      const publishedAt = newest?.digest === digest && newest.revision === revision ? newest.publishedAt : null;
      return { name, ...standing, revision, digest, files, publishedAt };
    }
    default:
      return found satisfies never;
  }
}

function volumeLink({ workspace: { status } }: AssetFacts): VolumeLink | null {
  if (status?.assets === undefined) return null;
  const { revision = null, digest = null, files = null, healedAt = null, lastReport } = status.assets;
  return {
    name: status.volumeName ?? null,
    revision,
    digest,
    files,
    healedAt,
    reportedAt: lastReport?.time ?? null,
    reportedBy: lastReport?.podUID ?? null,
  };
}

function podLink({ pod }: AssetFacts): PodLink | null {
  const found = foundValue(pod.found);
  if (found === undefined) return null;
  const { name, uid = null, annotations = {} } = found.metadata;
  return { name, uid, wantedDigest: annotations[ANNOTATIONS.assetsDigest] ?? null, isReady: found.isReady };
}

/** A revision that cannot be had leaves the last good one, which may be all that agents know of. */
function templateNotes({ template }: AssetFacts): readonly string[] {
  if (template === undefined) return ['No template is named, so nothing is delivered to /configs'];
  const asset = foundValue(template.found);
  if (asset === undefined) return [];
  const { state, ...said } = standingOf(asset);
  return state === 'Ready' ? [] : [`TemplateAsset ${template.name} is ${state}: ${explain(said)}`];
}

function materializeNotes({ workspace, pod }: AssetFacts): readonly string[] {
  const materialized = conditionOf(workspace, CONDITIONS.materialized);
  if (materialized === undefined || !FAILED_RUNS.has(materialized.reason) || pod.found.kind !== 'found') return [];
  return [`The last run did not put the files on the volume: ${explain(materialized)}`];
}

interface Gap {
  readonly template: TemplateLink | null;
  /** Whether what lies on the volume is known, and is something else. */
  readonly isKnown: boolean;
}

/** Why the volume does not hold what is published, and what brings it there. */
function gapNotes({ workspace, template, pod, flags }: AssetFacts, gap: Gap): readonly string[] {
  const { namespace, name } = workspace.metadata;
  const where = clusterWords(flags, namespace);
  const { digest = null, revision: published = null } = gap.template ?? {};
  if (digest === null || published === null) return [];
  const revision = `revision ${published.slice(0, 12)}`;
  const status = `kubectl molecule status ws/${name} ${where}`;
  if (workspace.spec.suspend === true)
    return [`The Workspace is suspended: its agent gets ${revision} when it starts again`];
  switch (pod.found.kind) {
    case 'missing':
      return [`There is no Pod: the agent gets ${revision} when it starts; see why it does not: ${status}`];
    case 'unreadable':
      return [`Whether the Pod was told of ${revision} is not known: ${pod.found.message}`];
    case 'found': {
      const told = pod.found.value.metadata.annotations?.[ANNOTATIONS.assetsDigest];
      if (told !== digest) return [`The Pod was not told of ${revision} yet; see why: ${status}`];
      if (!gap.isKnown) return [];
      const asset: TemplateAsset | undefined = template === undefined ? undefined : foundValue(template.found);
      if (asset?.spec.rollout === 'Immediate') return [`The agent is being restarted for ${revision}`];
      return [
        `The Pod is older than ${revision}, was told of it, and gets it at its next start, because spec.rollout is NextRestart; to have it now: kubectl delete pod ${pod.name} ${where}`,
      ];
    }
    default:
      return pod.found satisfies never;
  }
}
