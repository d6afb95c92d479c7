import type { KubeObject, Resource } from '../kube/objects.ts';
import { type ClusterClient, FIELD_MANAGER } from './connect.ts';

const REVIEWS: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  plural: 'selfsubjectreviews',
  kind: 'SelfSubjectReview',
  namespaced: false,
};

interface SelfSubjectReview extends KubeObject {
  readonly status?: { readonly userInfo?: { readonly username?: string } };
}

/** The name by which the apiserver knows whoever runs this. Every user may ask that. */
export async function readOwnUserName(client: ClusterClient, signal: AbortSignal): Promise<string> {
  const question: SelfSubjectReview = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: REVIEWS.kind,
    // A review is answered and never stored; it has no name.
    metadata: { name: '' },
  };
  const { status } = await client.create(REVIEWS, question, { fieldManager: FIELD_MANAGER, signal });
  const userName = status?.userInfo?.username ?? '';
  if (userName === '') throw new Error('Cannot tell who you are: the apiserver does not say; log in to the cluster');
  return userName;
}
