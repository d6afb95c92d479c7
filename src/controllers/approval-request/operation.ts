import { GROUP, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { Org, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { keyOf, type ObjectKey } from '../../kube/objects.ts';
import { type ApprovalRecord, buildRecord, type Loss, sameOperation, specDigest } from '../../rules/approval/record.ts';
import { MAX_LISTED } from '../request-size.ts';
import { templateName } from '../workspace/check-template.ts';
import { type Identity, identify } from '../workspace/identify.ts';
import { isOurs, type ObservedMeta } from '../workspace/observed.ts';
import { deletionOf, type Subject, type Target } from './subject.ts';

/** The part of a record that says what is done and what is lost by it. */
export type Operation = Omit<ApprovalRecord, 'version' | 'clusterUID' | 'askers' | 'nonce' | 'expiresAt'>;

export interface Claim {
  readonly metadata: ObservedMeta;
  readonly volumeName?: string;
  readonly reclaimPolicy?: NonNullable<Loss['reclaimPolicy']>;
}

/** Where an operation is read from: memory for a look that costs nothing, the apiserver for what is approved and used. */
export interface OperationSource {
  target(subject: Subject, signal: AbortSignal): Promise<Target | undefined>;
  org(namespace: string, signal: AbortSignal): Promise<Org | undefined>;
  workspaces(namespace: string, signal: AbortSignal): Promise<readonly Workspace[]>;
  /** Workspaces whose spec.parentRef names this one. */
  children(parent: ObjectKey, signal: AbortSignal): Promise<readonly Workspace[]>;
  claim(key: ObjectKey, signal: AbortSignal): Promise<Claim | undefined>;
}

/** What the schema gives an Org that does not say; there may be no Org at all. */
const DEFAULT_RETENTION = '168h';

/** What the deletion of the object would do now; undefined when there is none. */
export async function readOperation(
  subject: Subject,
  source: OperationSource,
  signal: AbortSignal,
): Promise<Operation | undefined> {
  const { kind, namespace, name } = subject;
  const action = deletionOf(kind);
  const [target, org] = await Promise.all([source.target(subject, signal), source.org(namespace, signal)]);
  if (action === undefined || target === undefined) return undefined;
  const { lost, affected } = await readScope(target, source, signal);
  return {
    group: GROUP,
    kind,
    namespace,
    name,
    uid: target.object.metadata.uid ?? '',
    specDigest: specDigest(target.object.spec),
    action,
    // Of more than a request lists nobody is shown anything, so that thousands of volumes are not read for it.
    losses:
      lost.length > MAX_LISTED
        ? lost.map((workspace) => lossOf(workspace, identify(workspace, org)))
        : await Promise.all(lost.map((workspace) => readLoss(workspace, { org, source, signal }))),
    affected: affected.map(({ metadata }) => metadata.name),
    retention: org?.spec.retention?.volumes ?? DEFAULT_RETENTION,
  };
}

/** Whether the record still says what the operation, read from memory, would do. Memory does not know of PersistentVolumes. */
export function isCurrent(record: ApprovalRecord, operation: Operation): boolean {
  const { clusterUID, askers, nonce } = record;
  const now = buildRecord({ ...operation, clusterUID, askers, nonce });
  return sameOperation(withoutVolumes(record), withoutVolumes(now));
}

function withoutVolumes(record: ApprovalRecord): ApprovalRecord {
  const losses = record.losses.map(({ volumeName: _name, reclaimPolicy: _policy, ...loss }) => loss);
  return { ...record, losses };
}

interface Scope {
  readonly lost: readonly Workspace[];
  /** They stay, without what they use or hang below. */
  readonly affected: readonly Workspace[];
}

/** The platform agent takes nobody along, because it is made anew while its Org lives. */
async function readScope(target: Target, source: OperationSource, signal: AbortSignal): Promise<Scope> {
  const { namespace, name } = keyOf(target.object);
  switch (target.kind) {
    case 'Org':
      return { lost: await source.workspaces(namespace, signal), affected: [] };
    case 'TemplateAsset': {
      const all = await source.workspaces(namespace, signal);
      return { lost: [], affected: all.filter((workspace) => templateName(workspace, true) === name) };
    }
    case 'Workspace': {
      if (target.object.spec.kind !== 'platform')
        return { lost: await readSubtree(target.object, source, signal), affected: [] };
      const all = await source.workspaces(namespace, signal);
      return { lost: [target.object], affected: all.filter(({ metadata }) => metadata.name !== PLATFORM_AGENT_NAME) };
    }
    default:
      return target satisfies never;
  }
}

/** Itself and everybody below; who was met before is not met again, so that a circle ends. */
async function readSubtree(
  top: Workspace,
  source: OperationSource,
  signal: AbortSignal,
): Promise<readonly Workspace[]> {
  const found = new Map([[top.metadata.name, top]]);
  for (let parents: readonly Workspace[] = [top]; parents.length > 0; ) {
    const below = await Promise.all(parents.map((parent) => source.children(keyOf(parent), signal)));
    parents = below.flat().filter(({ metadata }) => !found.has(metadata.name));
    for (const workspace of parents) found.set(workspace.metadata.name, workspace);
  }
  return [...found.values()];
}

async function readLoss(
  workspace: Workspace,
  {
    org,
    source,
    signal,
  }: { readonly org: Org | undefined; readonly source: OperationSource; readonly signal: AbortSignal },
): Promise<Loss> {
  const { namespace = '' } = workspace.metadata;
  const identity = identify(workspace, org);
  const claim = await source.claim({ namespace, name: identity.childName }, signal);
  const hasClaim = claim !== undefined && isOurs(claim, identity.incarnation);
  return { ...lossOf(workspace, identity), ...(hasClaim ? ofClaim(claim) : {}) };
}

function lossOf({ metadata }: Workspace, { id }: Identity): Loss {
  return { workspaceID: id, name: metadata.name, uid: metadata.uid ?? '' };
}

function ofClaim({ metadata, volumeName, reclaimPolicy }: Claim): Partial<Loss> {
  return {
    claimName: metadata.name,
    claimUID: metadata.uid ?? '',
    ...(volumeName === undefined ? {} : { volumeName }),
    ...(reclaimPolicy === undefined ? {} : { reclaimPolicy }),
  };
}
