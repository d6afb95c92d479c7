import { ORGS, TEMPLATE_ASSETS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Org, TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { ObjectKey, Resource } from '../../kube/objects.ts';
import type { ApprovalAction } from '../../rules/approval/record.ts';
import type { Leaver } from '../leave.ts';

/** The name whose deletions one pass is about, whatever objects had it. Requests may name a kind that nobody knows. */
export interface Subject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * How an object stands to its deletion. gone: there is none of this uid, or our finalizer is off it. covered: another approval was
 * used up for it. unused: nobody has to be asked. standing: nobody has sent a DELETE. held: it waits.
 */
export type Standing = 'gone' | 'covered' | 'unused' | 'standing' | 'held';

export type Target =
  | { readonly kind: 'Org'; readonly object: Org }
  | { readonly kind: 'Workspace'; readonly object: Workspace }
  | { readonly kind: 'TemplateAsset'; readonly object: TemplateAsset };

const DELETIONS: Readonly<Record<Leaver['kind'], { readonly resource: Resource; readonly action: ApprovalAction }>> = {
  Org: { resource: ORGS, action: 'delete_org' },
  Workspace: { resource: WORKSPACES, action: 'delete_workspace' },
  TemplateAsset: { resource: TEMPLATE_ASSETS, action: 'delete_template_asset' },
};

/** What the deletion of such an object is called; undefined for a kind whose deletions nobody approves. */
export function deletionOf(kind: string): ApprovalAction | undefined {
  return isGated(kind) ? DELETIONS[kind].action : undefined;
}

export function isGated(kind: string): kind is Leaver['kind'] {
  return Object.hasOwn(DELETIONS, kind);
}

export function keyOfSubject({ kind, namespace, name }: Subject): ObjectKey {
  return { namespace, name: `${kind}/${name}` };
}

export function subjectOf({ namespace, name }: ObjectKey): Subject {
  const slash = name.indexOf('/');
  return { kind: name.slice(0, slash), namespace, name: name.slice(slash + 1) };
}

export function subjectOfRequest({ metadata, spec: { target } }: ApprovalRequest): Subject {
  return { kind: target.kind, namespace: metadata.namespace ?? '', name: target.name };
}

/** Kind namespace/name, for the ledger and for people. */
export function wordsOf({ kind, namespace, name }: Subject): string {
  return `${kind} ${namespace}/${name}`;
}
