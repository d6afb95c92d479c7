import { FIELD_MANAGERS } from '../../apis/v1alpha1/names.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isAlreadyExists } from '../../kube/errors.ts';
import type { Resource } from '../../kube/objects.ts';
import { coerceError } from '../../platform/errors.ts';
import { classify } from '../../runtime/classify.ts';
import { explainRefusal } from '../workspace/explain-refusal.ts';
import { comeBack } from './come-back.ts';
import type { Restorable } from './restorable.ts';

/** Whether an object that is there could be made again once it is gone. */
export type Probe = { readonly kind: 'possible' } | { readonly kind: 'refused'; readonly message: string };

/** Times and uids, which would make a message another one each time. */
const UNSTABLE = /\d{4}-\d{2}-\d{2}T[\d:.]+Z?|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/**
 * A dry run of the POST. That nothing but the name is in the way is the answer that lets the object go; a namespace or CRD that is
 * going, a quota, a policy or webhook answer before the name is looked at. Rejects where nobody said yes or no.
 */
export async function probe(
  live: Restorable,
  context: { readonly client: Pick<KubeClient, 'create'>; readonly resource: Resource; readonly signal: AbortSignal },
): Promise<Probe> {
  const { client, resource, signal } = context;
  try {
    await client.create(resource, comeBack(live), { fieldManager: FIELD_MANAGERS.restoration, dryRun: true, signal });
    // Nobody has the name any more: the next pass sees what that means.
    return { kind: 'possible' };
  } catch (thrown) {
    if (isAlreadyExists(thrown)) return { kind: 'possible' };
    if (classify(thrown, signal) !== 'refused') throw thrown;
    return { kind: 'refused', message: stableWords(coerceError(thrown).message) };
  }
}

/** The apiserver's words without what differs each time it says them. */
export function stableWords(words: string): string {
  return explainRefusal(words).message.replace(UNSTABLE, '…');
}
