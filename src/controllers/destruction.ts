import { API_VERSION, BREAK_GLASS_OPERATION } from '../apis/v1alpha1/names.ts';
import { keyOf, keyString, type ObjectMeta, type Resource } from '../kube/objects.ts';
import type { Plan } from '../runtime/plan.ts';
import type { Leave } from './leave.ts';

/** The leave to destroy. */
export type Granted = Extract<Leave, { readonly kind: 'granted' }>;

interface Destruction {
  readonly resource: Resource;
  readonly object: { readonly metadata: ObjectMeta };
  readonly action: string;
  /** Absent: nothing is lost, so that nobody was asked. */
  readonly leave?: Granted;
}

/**
 * What the ledger has before anything of the object goes: the object, to make it again from, and that it goes. The ledger refuses
 * an operation that does not cover it, whatever the cluster says of approvals.
 */
export function beginDestruction(
  { resource, object, action, leave }: Destruction,
  detail: Readonly<Record<string, unknown>>,
): Pick<Plan, 'approvals' | 'intents'> {
  if (leave?.operationID === BREAK_GLASS_OPERATION) return {};
  const subjectUID = object.metadata.uid ?? '';
  const subject = `${resource.kind} ${keyString(keyOf(object))}`;
  const kept = { ...object, apiVersion: API_VERSION, kind: resource.kind };
  return {
    ...(leave === undefined ? {} : { approvals: [{ kind: 'snapshot', subjectUID, object: kept }] }),
    intents: [
      { action, subjectUID, subject, detail, ...(leave === undefined ? {} : { operationID: leave.operationID }) },
    ],
  };
}

/** That it went, and what is left of it. */
export function endDestruction(
  { object, action, leave }: Omit<Destruction, 'resource'>,
  result: Readonly<Record<string, unknown>>,
): Pick<Plan, 'outcomes'> {
  if (leave?.operationID === BREAK_GLASS_OPERATION) return {};
  return { outcomes: [{ action, subjectUID: object.metadata.uid ?? '', result }] };
}
