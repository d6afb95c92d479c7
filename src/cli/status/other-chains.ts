import { PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { Found } from '../read-object.ts';
import { type Standing, standingOf } from '../standing.ts';
import type { OrgFacts, TemplateAssetFacts } from './facts.ts';
import { FINE, linkTo, ownStanding, type PlainLink } from './links.ts';

/** What a TemplateAsset needs: itself, its Secret, its source, a good revision; then whom it delivers to. */
export function templateAssetChain({ asset, users }: TemplateAssetFacts): readonly PlainLink[] {
  // Secrets are not for everybody to read; the operator says what is wrong with this one.
  const seen: Standing = standingOf(asset).state === 'Ready' ? FINE : { state: 'Unknown', reason: null, message: null };
  return [
    { link: 'templateAsset', name: asset.metadata.name, ...ownStanding(asset) },
    ...(asset.spec.auth === 'token' && asset.spec.secretRef !== undefined
      ? [{ link: 'secret', name: asset.spec.secretRef.name, ...seen } as const]
      : []),
    { link: 'source', name: null, ...seen, message: whereFrom(asset) },
    { link: 'artifact', name: null, ...artifactStanding(asset) },
    workspacesLink(users),
  ];
}

function whereFrom({ spec: { source, artifactRef } }: TemplateAsset): string {
  if (source === undefined) return `${artifactRef?.kind} ${artifactRef?.name} of Flux`;
  const { forge, baseURL, owner, repo, ref } = source;
  return `${baseURL ?? forge}/${owner}/${repo} at ${ref}`;
}

/** What an Org needs: itself, its platform agent; then everybody in it. */
export function orgChain({ org, workspaces }: OrgFacts): readonly PlainLink[] {
  const agent: Found<Workspace> =
    workspaces.kind === 'found'
      ? toFound(workspaces.value.find((workspace) => workspace.metadata.name === PLATFORM_AGENT_NAME))
      : workspaces;
  const whenMissing: Standing = {
    state: 'Missing',
    reason: null,
    message: 'The operator creates it as soon as it sees the Org',
  };
  return [
    { link: 'org', name: org.metadata.name, ...ownStanding(org) },
    linkTo({ link: 'workspace', name: PLATFORM_AGENT_NAME }, { found: agent, describe: standingOf, whenMissing }),
    workspacesLink(workspaces),
  ];
}

function toFound<T>(value: T | undefined): Found<T> {
  return value === undefined ? { kind: 'missing' } : { kind: 'found', value };
}

const SHOWN_REVISIONS = 3;

function artifactStanding({ status }: TemplateAsset): Standing {
  const artifact = status?.artifact;
  if (artifact === undefined) return { state: 'Missing', reason: null, message: 'Nothing is stored yet' };
  return {
    ...FINE,
    message: `Revision ${artifact.revision.slice(0, 12)}, ${artifact.files} files, ${artifact.sizeBytes} bytes${earlier(artifact.revision, status?.history)}`,
  };
}

/** What can be rolled back to. */
function earlier(live: string, history: readonly { readonly revision: string }[] = []): string {
  const revisions = history.map(({ revision }) => revision).filter((revision) => revision !== live);
  const names = [...new Set(revisions)].map((revision) => revision.slice(0, 12));
  if (names.length === 0) return '';
  const more = names.length > SHOWN_REVISIONS ? ` and ${names.length - SHOWN_REVISIONS} more` : '';
  return `; before it ${names.slice(0, SHOWN_REVISIONS).join(', ')}${more}`;
}

function workspacesLink(found: Found<readonly Workspace[]>): PlainLink {
  return linkTo({ link: 'workspaces', name: null }, { found, describe: countReady, whenMissing: FINE });
}

function countReady(workspaces: readonly Workspace[]): Standing {
  const unready = workspaces
    .filter((workspace) => standingOf(workspace).state !== 'Ready')
    .map(({ metadata }) => metadata.name);
  const counts = `${workspaces.length - unready.length} of ${workspaces.length} ready`;
  if (unready.length === 0) return { ...FINE, message: counts };
  return { state: 'Waiting', reason: null, message: `${counts}; not ready: ${unready.sort().join(', ')}` };
}
