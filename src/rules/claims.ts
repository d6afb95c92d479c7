/** A live object that wants an id. */
export interface Contender {
  /** metadata.uid of who holds the id; for a platform agent that is its Org, because the agent is made anew when it is lost. */
  readonly uid: string;
  readonly kind: 'Org' | 'Workspace';
  /** namespace/name */
  readonly name: string;
  /** metadata.creationTimestamp, RFC 3339 in UTC with whole seconds, so that text order is time order. */
  readonly createdAt: string;
}

/** Everything that is known about who wants one id, when somebody asks for it. */
export interface Contest {
  readonly id: string;
  readonly contenders: readonly Contender[];
  /** uid of the holder by the ledger; undefined: nobody, or nobody knows, because the ledger has not answered yet. */
  readonly claimedBy?: string;
}

/** What an id is to one of its contenders. */
export type Standing =
  | { readonly kind: 'held' }
  /** The id is theirs to claim. With a dead holder the claim is taken over: a cluster rebuilt from Git must not be locked out. */
  | { readonly kind: 'claimable'; readonly deadHolderUID?: string }
  | { readonly kind: 'taken'; readonly holder: Contender };

/**
 * Who keeps an id: the holder by the ledger as long as it lives, else the elder. Without a ledger the elder alone decides, so
 * agents start while it is down. Every contender asks with the same contest, so exactly one is not told `taken`.
 */
export function standingOf({ contenders, claimedBy }: Contest, uid: string): Standing {
  const holder = contenders.find((contender) => contender.uid === claimedBy) ?? contenders.reduce(elder, undefined);
  if (holder !== undefined && holder.uid !== uid) return { kind: 'taken', holder };
  if (claimedBy === uid) return { kind: 'held' };
  return { kind: 'claimable', ...(claimedBy === undefined ? {} : { deadHolderUID: claimedBy }) };
}

/** By creation, then by uid: two made within one second still have one elder, whoever asks. */
function elder(first: Contender | undefined, second: Contender): Contender {
  if (first === undefined) return second;
  const isFirst = first.createdAt === second.createdAt ? first.uid < second.uid : first.createdAt < second.createdAt;
  return isFirst ? first : second;
}
