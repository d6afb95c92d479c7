import type { Condition } from '../../conditions/condition.ts';
import type { KubeObject, ObjectMeta } from '../../kube/objects.ts';

/** Who owns which fields of an object, as the apiserver keeps it. The fields themselves are only carried along. */
export interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
}

/** An Org, Workspace or TemplateAsset as the apiserver sends it, managedFields included: as much as coming back depends on. */
export interface Restorable extends KubeObject {
  readonly metadata: ObjectMeta & { readonly managedFields?: readonly ManagedFields[] };
  readonly spec: { readonly id?: string; readonly orgID?: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
    /** Of a Workspace. */
    readonly id?: string;
    readonly incarnation?: string;
    /** Of an Org. */
    readonly orgID?: string;
    /** Of a TemplateAsset: what agents have from it. */
    readonly artifact?: object;
    readonly deletionGrant?: object;
  };
}

/** The decoding edge: the apiserver has validated the object against the schema of its kind. */
export function restorable(object: KubeObject): Restorable {
  return object as Restorable;
}

/** What an object keeps when it comes back under another uid. A TemplateAsset has no identity but its name. */
export interface KeptIdentity {
  readonly id?: string;
  readonly incarnation?: string;
}

export function identityOf({ kind, metadata, spec, status }: Restorable): KeptIdentity {
  const { uid = '' } = metadata;
  switch (kind) {
    case 'Workspace':
      return { id: spec.id ?? status?.id ?? uid, incarnation: status?.incarnation ?? uid };
    case 'Org':
      return { id: spec.orgID ?? status?.orgID ?? uid };
    default:
      return {};
  }
}

/** The members of status through which the operator knows the object again. */
export function statusOf(kind: string, { id, incarnation }: KeptIdentity): Restorable['status'] & object {
  if (kind === 'Org') return id === undefined ? {} : { orgID: id };
  return { ...(id === undefined ? {} : { id }), ...(incarnation === undefined ? {} : { incarnation }) };
}

/**
 * Whether an object that has the name cannot be what was lost: it names another id, or was given another identity already. It
 * keeps what it is.
 */
export function contradicts({ kind, spec, status }: Restorable, kept: KeptIdentity): boolean {
  const claimed = kind === 'Org' ? [spec.orgID, status?.orgID] : [spec.id, status?.id];
  const isAnother = (value: string | undefined, own: string | undefined): boolean =>
    value !== undefined && own !== undefined && value !== own;
  return claimed.some((id) => isAnother(id, kept.id)) || isAnother(status?.incarnation, kept.incarnation);
}
