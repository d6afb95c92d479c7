import type { ObjectMeta } from '../../kube/objects.ts';

/** Field managers of tools that keep objects as a repository has them. */
const MANAGERS: ReadonlyMap<string, string> = new Map([
  ['kustomize-controller', 'Flux (kustomize-controller)'],
  ['helm-controller', 'Flux (helm-controller)'],
  ['argocd-controller', 'Argo CD'],
  ['argocd-application-controller', 'Argo CD'],
  ['kapp-controller', 'kapp-controller'],
  ['fleetagent', 'Fleet'],
  ['configsync', 'Config Sync'],
  ['helm', 'Helm'],
]);

/** Labels and annotations that such tools know their objects by. */
const MARKS: readonly (readonly [key: string, tool: string])[] = [
  ['kustomize.toolkit.fluxcd.io/name', 'Flux (kustomize-controller)'],
  ['helm.toolkit.fluxcd.io/name', 'Flux (helm-controller)'],
  ['argocd.argoproj.io/instance', 'Argo CD'],
  ['argocd.argoproj.io/tracking-id', 'Argo CD'],
  ['kapp.k14s.io/app', 'kapp-controller'],
  ['objectset.rio.cattle.io/id', 'Fleet'],
  ['configmanagement.gke.io/managed', 'Config Sync'],
  ['meta.helm.sh/release-name', 'Helm'],
];

/** What the apiserver also tells and nobody else here reads. */
interface ManagedMeta extends ObjectMeta {
  readonly managedFields?: readonly { readonly manager?: string }[];
}

/** The tool that will write the object again as its repository says; undefined when none is known to manage it. */
export function gitOpsOwner({ labels = {}, annotations = {}, managedFields = [] }: ManagedMeta): string | undefined {
  const writer = managedFields.map(({ manager = '' }) => MANAGERS.get(manager)).find((tool) => tool !== undefined);
  return writer ?? MARKS.find(([key]) => labels[key] !== undefined || annotations[key] !== undefined)?.[1];
}
