import { BREAK_GLASS_OPERATION, LABELS, ORG_NAME, PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import type { ApprovalRequest, Org, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { keyOf, keyString, type ObjectKey, type ObjectMeta } from '../../kube/objects.ts';
import { isFinal } from '../../rules/approval/lifecycle.ts';
import { MAX_DEPTH } from '../../rules/hierarchy.ts';
import { BY_COVERED_UID, BY_TARGET, isConcluded, type Leaver } from '../leave.ts';
import type { StoreView } from '../store-view.ts';
import { templateName } from '../workspace/check-template.ts';
import type { ObservedVolume } from '../workspace/observed.ts';
import { keyOfSubject, subjectOfRequest } from './subject.ts';

interface WakeStores {
  readonly approvalRequests: StoreView<ApprovalRequest>;
  readonly workspaces: StoreView<Workspace>;
}

interface Named {
  readonly metadata: ObjectMeta;
}

export function keyOfRequest(request: ApprovalRequest): ObjectKey {
  return keyOfSubject(subjectOfRequest(request));
}

/** It has not come to its end, or the ledger has yet to hear of it. */
export function isUnfinished(request: ApprovalRequest): boolean {
  return !isConcluded(request) || request.status?.operationID === BREAK_GLASS_OPERATION;
}

export function isLeaving({ metadata }: Named): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** The key of an object that is leaving, or that somebody asks about; nothing for all the others. */
export function ofTarget(
  kind: Leaver['kind'],
  { before, after }: { readonly before: Named | undefined; readonly after: Named | undefined },
  { approvalRequests }: Pick<WakeStores, 'approvalRequests'>,
): readonly ObjectKey[] {
  const object = after ?? before;
  if (object === undefined) return [];
  const { namespace, name } = keyOf(object);
  const key = keyOfSubject({ kind, namespace, name });
  const isAskedFor = approvalRequests.byIndex(BY_TARGET, keyString(key)).some(isUnfinished);
  return isAskedFor || isLeaving(object) ? [key] : [];
}

/**
 * Requests whose record a change of one Workspace may outdate: those that list it or, where it came, moved or got its identity, those
 * about anybody above it, about its Org or about the template that it uses. Most changes wake nobody: status, for instance.
 */
export function wokenByWorkspace(
  before: Workspace | undefined,
  after: Workspace | undefined,
  stores: WakeStores,
): readonly ObjectKey[] {
  if (before !== undefined && after !== undefined && traits(before) === traits(after)) return [];
  return [before, after].flatMap((workspace) => (workspace === undefined ? [] : concerned(workspace, stores)));
}

/** Every record in its namespace says how long the Org has volumes kept; the id of the platform agent comes from the Org's. */
export function wokenByOrg(
  before: Org | undefined,
  after: Org | undefined,
  { approvalRequests }: { readonly approvalRequests: { list(): Iterable<ApprovalRequest> } },
): readonly ObjectKey[] {
  const isSame = before?.metadata.uid === after?.metadata.uid;
  if (isSame && before?.spec.retention?.volumes === after?.spec.retention?.volumes) return [];
  const { namespace = '' } = (after ?? before)?.metadata ?? {};
  return [...approvalRequests.list()]
    .filter(({ metadata, status }) => metadata.namespace === namespace && !isFinal(status?.phase))
    .map(keyOfRequest);
}

/** The same for the volume of one. */
export function wokenByVolume(
  before: ObservedVolume | undefined,
  after: ObservedVolume | undefined,
  stores: WakeStores,
): readonly ObjectKey[] {
  if (before?.metadata.uid === after?.metadata.uid) return [];
  const { namespace = '', labels } = (after ?? before)?.metadata ?? {};
  const workspace = stores.workspaces.get({ namespace, name: labels?.[LABELS.workspace] ?? '' });
  return workspace === undefined ? [] : concerned(workspace, stores);
}

/** What of a Workspace stands in records, or decides in which. */
function traits({ metadata, spec, status }: Workspace): string {
  const { uid, generation, deletionTimestamp } = metadata;
  return [uid, generation, deletionTimestamp, spec.id, status?.id, status?.incarnation].join(' ');
}

function concerned(workspace: Workspace, { approvalRequests, workspaces }: WakeStores): readonly ObjectKey[] {
  const { namespace = '', uid = '' } = workspace.metadata;
  const uids = [uid, ...uidsAbove(workspace, workspaces)];
  const names = [
    `Org/${ORG_NAME}`,
    `Workspace/${PLATFORM_AGENT_NAME}`,
    `TemplateAsset/${templateName(workspace, true)}`,
  ];
  const requests = [
    ...uids.flatMap((each) => approvalRequests.byIndex(BY_COVERED_UID, each)),
    ...names.flatMap((name) => approvalRequests.byIndex(BY_TARGET, `${namespace}/${name}`)),
  ];
  return requests.filter(({ status }) => !isFinal(status?.phase)).map(keyOfRequest);
}

function uidsAbove({ metadata, spec }: Workspace, workspaces: StoreView<Workspace>): readonly string[] {
  const found: string[] = [];
  let name = spec.parentRef?.name;
  while (name !== undefined && found.length < MAX_DEPTH) {
    const parent = workspaces.get({ namespace: metadata.namespace ?? '', name });
    if (parent === undefined) break;
    found.push(parent.metadata.uid ?? '');
    name = parent.spec.parentRef?.name;
  }
  return found;
}
