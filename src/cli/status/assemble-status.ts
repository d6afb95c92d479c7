import { CONDITIONS } from '../../apis/v1alpha1/conditions.ts';
import type { ApprovalRequest } from '../../apis/v1alpha1/types.generated.ts';
import { CLI_API_VERSION } from '../print-structured.ts';
import { conditionOf, type Ours, type Standing, standingOf } from '../standing.ts';
import type { Advice, Names } from './advice.ts';
import { ASKED, adviceFor, UNSEEN } from './guide.ts';
import type { PlainLink } from './links.ts';
import type { EventLine, LinkKind, ObjectStatus } from './object-status.ts';
import { openRequests } from './open-requests.ts';

export interface StatusParts {
  readonly object: Ours;
  readonly chain: readonly PlainLink[];
  /** The link that is the object itself. */
  readonly ownLink: LinkKind;
  readonly names: Names;
  readonly events: readonly EventLine[] | null;
  readonly notice: string | null;
  /** Null when they may not be read. */
  readonly requests: readonly ApprovalRequest[] | null;
}

/** Puts the parts together: which link is to blame, what it waits for, and what to run next. */
export function assembleStatus({ object, chain, ownLink, names, events, notice, requests }: StatusParts): ObjectStatus {
  const standing = standingOf(object);
  const advice = standing.state === 'Ready' ? undefined : adviceFor(standing);
  const index =
    advice === undefined ? goneIndex(chain) : culpritIndex(chain, culpritLink(object, advice) ?? ownLink, ownLink);
  const approvals = requests === null ? null : openRequests(requests);
  const pending = approvals?.find(({ phase }) => phase === 'Pending');
  const next = advice ?? (index < 0 ? (pending === undefined ? undefined : ASKED) : UNSEEN);
  const { namespace = '', name } = object.metadata;
  return {
    apiVersion: CLI_API_VERSION,
    kind: 'ObjectStatus',
    object: { kind: object.kind, namespace, name },
    ...standing,
    notice,
    chain: chain.map((link, at) => {
      if (at === index) return { ...blame(link, standing), isCulprit: true };
      // What comes after the culprit and is not there is not missing: it is not its turn yet.
      const isPending = link.state === 'Missing' && index >= 0 && at > index;
      return { ...link, ...(isPending ? { state: 'Waiting' } : {}), isCulprit: false };
    }),
    approvals,
    deletionGrant: object.status?.deletionGrant?.request ?? null,
    next:
      next === undefined
        ? null
        : { command: next.command({ ...names, request: approvals?.[0]?.name ?? names.request }) },
    events,
  };
}

const CONDITION_LINKS: Readonly<Record<string, LinkKind>> = {
  [CONDITIONS.placed]: 'workspace',
  [CONDITIONS.runnable]: 'workspace',
  [CONDITIONS.templateReady]: 'templateAsset',
  [CONDITIONS.volumeReady]: 'volume',
  [CONDITIONS.materialized]: 'pod',
  [CONDITIONS.agentReady]: 'agent',
  [CONDITIONS.platformAgentReady]: 'workspace',
};

/** The operator's verdict decides: Ready repeats the first condition that does not hold. Undefined: the object itself. */
function culpritLink(object: Ours, { at }: Advice): LinkKind | undefined {
  if (at !== undefined) return at === 'object' ? undefined : at;
  const failing = Object.keys(CONDITION_LINKS).find((type) => conditionOf(object, type)?.status === 'False');
  return CONDITION_LINKS[failing ?? ''];
}

/** Of several parents the missing one, else the nearest. */
function culpritIndex(chain: readonly PlainLink[], wanted: LinkKind, ownLink: LinkKind): number {
  const missing = chain.findIndex(({ link, state }) => link === wanted && state === 'Missing');
  if (missing >= 0) return missing;
  const nearest = chain.findLastIndex(({ link }) => link === wanted);
  return nearest >= 0 ? nearest : chain.findIndex(({ link }) => link === ownLink);
}

/** Something is gone or has ended, and the operator has not seen it yet. An Org or a parent that fails stops nobody who is ready. */
function goneIndex(chain: readonly PlainLink[]): number {
  return chain.findIndex(
    ({ link, state }) => state === 'Missing' || (state === 'Failed' && (link === 'volume' || link === 'pod')),
  );
}

/** The operator's words say more than what is seen from outside. */
function blame(link: PlainLink, standing: Standing): PlainLink {
  if (standing.state === 'Ready') return link;
  const isSeen = link.state === 'Missing' || link.state === 'Failed' || link.state === 'Deleting';
  return { ...link, ...standing, state: isSeen ? link.state : standing.state };
}
