import { CONDITION_TABLE } from '../apis/v1alpha1/conditions.ts';
import { type Condition, MAX_MESSAGE_LENGTH } from './condition.ts';

/** As much of an object as its conformance depends on. */
export interface StatusBearer {
  readonly metadata: { readonly generation?: number; readonly deletionTimestamp?: string };
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
}

/** What kstatus makes of an object: the words that Flux, kpt and `kubectl wait --for=jsonpath` users know. */
export type KStatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating';

const typesOf = (wanted: (typeof CONDITION_TABLE)[number]['polarity']): readonly string[] =>
  CONDITION_TABLE.filter(({ polarity }) => polarity === wanted).map(({ type }) => type);
const ABNORMAL = typesOf('abnormal');
const NOTICES = typesOf('notice');
const PASCAL_CASE = /^[A-Z][A-Za-z]*$/;
/** A message with one of these would change although nothing did: RFC 3339 times and uuids. */
const UNSTABLE = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

/**
 * Which rules of a well-behaved status an object breaks; empty when none. The identifiers are those of Flux' conformance
 * checker (FAIL0001 to FAIL0011); OWN rules are ours. FAIL0007 to FAIL0009 hold for a status that was written for the present
 * generation; between an edit and the next pass an older one stands there lawfully (`isFresh: false`).
 */
export function findConformanceFaults(
  object: StatusBearer,
  options: { readonly isFresh: boolean } = { isFresh: true },
): readonly string[] {
  const { status } = object;
  const conditions = status?.conditions ?? [];
  const find = (type: string): Condition | undefined => conditions.find((condition) => condition.type === type);
  const ready = find('Ready');
  const isReady = ready?.status === 'True';
  const generation = object.metadata.generation ?? 0;
  const observedGeneration = status?.observedGeneration ?? 0;
  const abnormal = ABNORMAL.map(find).filter((condition) => condition !== undefined);
  const notices = NOTICES.map(find).filter((condition) => condition !== undefined);
  const rules: readonly (readonly [string, boolean])[] = [
    [
      'FAIL0001 Ready is True beside an abnormal condition',
      isReady && abnormal.some(({ status }) => status === 'True'),
    ],
    ['FAIL0002 Ready is missing', ready === undefined],
    ['FAIL0003 Ready is not False beside Reconciling', isTrue(find('Reconciling')) && ready?.status !== 'False'],
    ['FAIL0004 Ready is not False beside Stalled', isTrue(find('Stalled')) && ready?.status !== 'False'],
    ['FAIL0005 Reconciling and Stalled are both present', abnormal.length === 2],
    ['FAIL0006 observedGeneration is ahead of the object', observedGeneration > generation],
    ['FAIL0007 Ready is True for an older generation', options.isFresh && isReady && observedGeneration < generation],
    [
      'FAIL0008 Ready is True beside a condition of an older generation',
      options.isFresh && isReady && conditions.some((condition) => (condition.observedGeneration ?? 0) < generation),
    ],
    [
      'FAIL0009 a condition and the status were observed at different generations',
      conditions.some((condition) => condition.observedGeneration !== observedGeneration),
    ],
    ['FAIL0011 Ready is Unknown without Reconciling', ready?.status === 'Unknown' && !isTrue(find('Reconciling'))],
    [
      'OWN1 an abnormal condition or a notice is present without being True',
      [...abnormal, ...notices].some((condition) => !isTrue(condition)),
    ],
    ['OWN2 a condition stands there twice', new Set(conditions.map(({ type }) => type)).size < conditions.length],
    ['OWN3 Ready is True although another condition is not', isReady && conditions.some((other) => !isTrue(other))],
    ['OWN4 kstatus and kubectl wait disagree', disagree(object)],
    ...conditions.flatMap(messageRules),
  ];
  return rules.filter(([, isBroken]) => isBroken).map(([fault]) => fault);
}

/** The generic algorithm of kstatus for custom resources. */
export function kstatus({ metadata, status }: StatusBearer): KStatus {
  const find = (type: string): Condition | undefined =>
    status?.conditions?.find((condition) => condition.type === type);
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (status?.observedGeneration !== undefined && status.observedGeneration !== metadata.generation)
    return 'InProgress';
  if (isTrue(find('Reconciling'))) return 'InProgress';
  if (isTrue(find('Stalled'))) return 'Failed';
  const ready = find('Ready');
  return ready === undefined || isTrue(ready) ? 'Current' : 'InProgress';
}

/** Whether `kubectl wait --for=condition=Ready` would return now: it takes an outdated condition for none. */
export function isWaitSatisfied({ metadata, status }: StatusBearer): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return isTrue(ready) && (ready?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

function disagree(object: StatusBearer): boolean {
  const verdict = kstatus(object);
  return verdict !== 'Terminating' && (verdict === 'Current') !== isWaitSatisfied(object);
}

function messageRules({ type, reason, message }: Condition): readonly (readonly [string, boolean])[] {
  return [
    [`OWN5 the reason of ${type} is not a word: ${reason}`, !PASCAL_CASE.test(reason)],
    [`OWN6 the message of ${type} is empty or too long`, message === '' || message.length > MAX_MESSAGE_LENGTH],
    [`OWN7 the message of ${type} holds a time or an id: ${message}`, UNSTABLE.test(message)],
  ];
}

function isTrue(condition: Condition | undefined): boolean {
  return condition?.status === 'True';
}
