import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import { APPROVAL_FINALIZER, FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import { REASONS } from '../../apis/v1alpha1/reasons.ts';
import { summarise } from '../../conditions/summarise.ts';
import { keyOf, type Resource } from '../../kube/objects.ts';
import { canonicalJson } from '../../platform/digest.ts';
import type { EventEffect, PatchEffect, StatusWrite, WriteEffect } from '../../runtime/plan.ts';
import { regardingOf, statusWrite } from '../effects.ts';
import { type KeptIdentity, type ManagedFields, type Restorable, statusOf } from './restorable.ts';

/** Finalizers through which the garbage collector works: brought back, they would take the dependants along after all. */
const CASCADES: ReadonlySet<string> = new Set(['foregroundDeletion', 'orphan']);

/** The condition that says what a kind waits for while it is not ready. */
const CULPRITS: Readonly<Record<string, string>> = {
  Org: CONDITIONS.platformAgentReady,
  Workspace: CONDITIONS.agentReady,
  TemplateAsset: CONDITIONS.artifactReady,
};

/**
 * The object to POST: everything that people wrote, and nothing that the apiserver writes. No ownerReferences: an owner that is
 * gone would have the garbage collector take it away again at once.
 */
export function comeBack({ apiVersion, kind, metadata, spec }: Restorable): Restorable {
  const { namespace = '', name, labels, annotations, finalizers = [] } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      namespace,
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      finalizers: [...new Set([...finalizers.filter((finalizer) => !CASCADES.has(finalizer)), APPROVAL_FINALIZER])],
    },
    spec,
  };
}

/** Our finalizer off, for the very version that was read: what somebody changes at this moment is not lost. */
export function releaseHeld(resource: Resource, live: Restorable): PatchEffect {
  const { uid = '', resourceVersion = '', finalizers = [] } = live.metadata;
  const remaining = finalizers.filter((finalizer) => finalizer !== APPROVAL_FINALIZER);
  return {
    kind: 'patch',
    resource,
    key: keyOf(live),
    uid,
    patch: { metadata: { resourceVersion, finalizers: remaining } },
    fieldManager: FIELD_MANAGERS.restoration,
  };
}

/** A name that is taken meanwhile is for the next pass to decide about. */
export function createAgain(resource: Resource, kept: Restorable): WriteEffect {
  return { kind: 'create', resource, object: comeBack(kept), fieldManager: FIELD_MANAGERS.restoration };
}

/** Whether nothing that is to come back, and nobody's ownership of it, differs from what is kept. */
export function isKeptAsIs(live: Restorable, kept: Restorable): boolean {
  return canonicalJson(contentOf(live)) === canonicalJson(contentOf(kept));
}

function contentOf(object: Restorable): object {
  const owners = (object.metadata.managedFields ?? []).filter(({ subresource }) => subresource === undefined);
  return { ...comeBack(object), owners };
}

/** We made it again, and its managedFields still say so. */
export function isOurs({ metadata }: Restorable): boolean {
  return (metadata.managedFields ?? []).some(isOurEntry);
}

function isOurEntry({ manager }: ManagedFields): boolean {
  return manager === FIELD_MANAGERS.restoration;
}

/**
 * The managers as they were: those of the live object without us, and those of the kept one that are not among them. Without them
 * no later apply of anybody could take a field away that he no longer wants.
 */
export function mergeManagedFields(
  live: readonly ManagedFields[],
  kept: readonly ManagedFields[],
): readonly ManagedFields[] {
  const others = live.filter((entry) => !isOurEntry(entry));
  const isAmong = (entry: ManagedFields): boolean => others.some((other) => isSameManager(entry, other));
  return [...others, ...kept.filter((entry) => !isOurEntry(entry) && !isAmong(entry))];
}

function isSameManager(a: ManagedFields, b: ManagedFields): boolean {
  return a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource;
}

export function repairManagedFields(resource: Resource, live: Restorable, kept: Restorable): PatchEffect {
  const { uid = '', resourceVersion = '' } = live.metadata;
  const managedFields = mergeManagedFields(live.metadata.managedFields ?? [], kept.metadata.managedFields ?? []);
  return {
    kind: 'patch',
    resource,
    key: keyOf(live),
    uid,
    patch: { metadata: { resourceVersion, managedFields } },
    fieldManager: FIELD_MANAGERS.restoration,
  };
}

export function restoredEvent(resource: Resource, live: Restorable): EventEffect {
  return {
    type: 'Normal',
    reason: REASONS.restored,
    action: 'Restore',
    note: `${resource.kind} "${live.metadata.name}" is back as it was, with its data`,
    regarding: regardingOf(resource, live),
  };
}

export interface Return {
  readonly resource: Resource;
  readonly live: Restorable;
  readonly kept: Restorable;
  readonly identity: KeptIdentity;
  /** What the kept status says of the agent is still so: it was never stopped. */
  readonly isRunningOn: boolean;
  /** The single writer of this kind's status. */
  readonly fieldManager: string;
  readonly now: Date;
}

/** Whether the object has its identity back. Nobody else writes the status of one that has not. */
export function isIdentified({ kind, status }: Restorable, identity: KeptIdentity): boolean {
  const wanted = Object.entries(statusOf(kind, identity));
  const observed: Readonly<Record<string, unknown>> = { ...status };
  return status?.conditions !== undefined && wanted.every(([member, value]) => observed[member] === value);
}

/**
 * Gives the object its identity back, before anybody takes it for a new one. What was kept of its status stays said where it is
 * still true; otherwise it says that the object is being brought back, and its controller says the rest.
 */
export function identify(input: Return): StatusWrite | undefined {
  const { resource, live, fieldManager } = input;
  return statusWrite({ resource, object: live, status: returnedStatus(input), fieldManager });
}

function returnedStatus({ live, kept, identity, isRunningOn, now }: Return): object {
  const generation = live.metadata.generation ?? 1;
  const { deletionGrant: _used, conditions = [], ...said } = kept.status ?? {};
  const own = statusOf(live.kind, identity);
  if (isRunningOn && conditions.length > 0 && canonicalJson(live.spec) === canonicalJson(kept.spec)) {
    const stillTrue = conditions.filter(({ type }) => type !== CONDITIONS.approvalPending);
    return {
      ...said,
      ...own,
      observedGeneration: generation,
      conditions: stillTrue.map((condition) => ({ ...condition, observedGeneration: generation })),
    };
  }
  const verdict = { reason: REASONS.restoring, message: 'The object is being brought back as it was' };
  return {
    ...(said.artifact === undefined ? {} : { artifact: said.artifact }),
    ...own,
    observedGeneration: generation,
    conditions: summarise({
      verdicts: [{ type: CULPRITS[live.kind] ?? CONDITIONS.ready, status: 'False', ...verdict }],
      progress: 'progressing',
      whenReady: verdict,
      observed: [],
      generation,
      now,
    }),
  };
}
