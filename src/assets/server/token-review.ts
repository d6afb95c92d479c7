import { ASSET_AUDIENCE, MANAGED_BY } from '../../apis/v1alpha1/names.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, Resource } from '../../kube/objects.ts';
import { sha256Hex } from '../../platform/digest.ts';
import { createLimiter } from '../limiter.ts';
import type { PodIdentity, ReviewToken } from './identity.ts';

const TOKEN_REVIEWS: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'tokenreviews',
  kind: 'TokenReview',
  namespaced: false,
};

const ACCEPTED_TTL_MS = 60_000;
const REJECTED_TTL_MS = 10_000;
const MAX_CACHED = 4096;
const MAX_TOKEN_CHARACTERS = 8192;
/** Whoever sends forged tokens, each one different, must not take the apiserver from those that reconcile. */
const REVIEWS = { running: 4, waiting: 256 };
/** A JWT and nothing else is worth a request to the apiserver. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

interface TokenReview extends KubeObject {
  readonly spec: { readonly token: string; readonly audiences: readonly string[] };
  readonly status?: {
    readonly authenticated?: boolean;
    readonly audiences?: readonly string[];
    readonly user?: { readonly username?: string; readonly extra?: Readonly<Record<string, readonly string[]>> };
  };
}

export interface TokenReviewerOptions {
  readonly client: KubeClient;
  /** Milliseconds; for tests. @default Date.now */
  readonly now?: () => number;
}

/**
 * Asks the apiserver whose token it is. Only projected tokens of Pods, made for our audience, are accepted. Answers are
 * kept for at most 60 s by the token's hash; a token that outlives its Pod is caught by `AuthorizePod`, not here.
 * Rejects when the apiserver cannot be asked: the caller must answer 503, never 401 and never 200.
 */
export function createTokenReviewer({ client, now = Date.now }: TokenReviewerOptions): ReviewToken {
  const reviews = createLimiter(REVIEWS);
  const cache = new Map<string, { readonly verdict: PodIdentity | 'rejected'; readonly expiresAt: number }>();

  const remember = (key: string, verdict: PodIdentity | 'rejected'): void => {
    const oldest = cache.size >= MAX_CACHED ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(key, { verdict, expiresAt: now() + (verdict === 'rejected' ? REJECTED_TTL_MS : ACCEPTED_TTL_MS) });
  };

  return async (token, signal) => {
    if (token.length > MAX_TOKEN_CHARACTERS || !JWT.test(token)) return 'rejected';
    const key = sha256Hex(token);
    const cached = cache.get(key);
    if (cached !== undefined && cached.expiresAt > now()) return cached.verdict;
    cache.delete(key);
    const review: TokenReview = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      // A review is answered and never stored; it has no name.
      metadata: { name: '' },
      spec: { token, audiences: [ASSET_AUDIENCE] },
    };
    const leave = await reviews.enter(signal);
    if (leave === undefined) throw new Error('Cannot ask whose token it is: too many others are being asked about');
    const answer = await client
      .create(TOKEN_REVIEWS, review, { fieldManager: MANAGED_BY, signal })
      .finally(() => leave());
    const verdict = judge(answer);
    remember(key, verdict);
    return verdict;
  };
}

function judge({ status }: TokenReview): PodIdentity | 'rejected' {
  if (status?.authenticated !== true) return 'rejected';
  // An apiserver that ignores audiences answers without them; such an answer proves nothing about the audience.
  if (status.audiences?.includes(ASSET_AUDIENCE) !== true) return 'rejected';
  const user = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(status.user?.username ?? '');
  const [, namespace, serviceAccount] = user ?? [];
  const podName = status.user?.extra?.['authentication.kubernetes.io/pod-name']?.[0];
  const podUID = status.user?.extra?.['authentication.kubernetes.io/pod-uid']?.[0];
  if (!namespace || !serviceAccount || !podName || !podUID) return 'rejected';
  return { namespace, podName, podUID, serviceAccount };
}
