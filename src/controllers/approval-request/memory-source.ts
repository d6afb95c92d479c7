import { ORG_NAME } from '../../apis/v1alpha1/names.ts';
import type { Org, TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { keyString } from '../../kube/objects.ts';
import type { StoreView } from '../store-view.ts';
import { BY_NAMESPACE, BY_PARENT } from '../stores.ts';
import type { ObservedVolume } from '../workspace/observed.ts';
import type { OperationSource } from './operation.ts';
import type { Subject, Target } from './subject.ts';

export interface MemoryStores {
  readonly orgs: StoreView<Org>;
  readonly workspaces: StoreView<Workspace>;
  readonly templateAssets: StoreView<TemplateAsset>;
  readonly volumes: StoreView<ObservedVolume>;
}

/** What the watches have told. It knows claims, and not the volumes behind them. */
export function createMemorySource(stores: MemoryStores): OperationSource {
  const { orgs, workspaces, volumes } = stores;
  return {
    target: async (subject) => targetOf(subject, stores),
    org: async (namespace) => orgs.get({ namespace, name: ORG_NAME }),
    workspaces: async (namespace) => workspaces.byIndex(BY_NAMESPACE, namespace),
    children: async (parent) => workspaces.byIndex(BY_PARENT, keyString(parent)),
    claim: async (key) => volumes.get(key),
  };
}

export function targetOf(
  { kind, namespace, name }: Subject,
  { orgs, workspaces, templateAssets }: Pick<MemoryStores, 'orgs' | 'workspaces' | 'templateAssets'>,
): Target | undefined {
  const key = { namespace, name };
  switch (kind) {
    case 'Org': {
      const object = orgs.get(key);
      return object === undefined ? undefined : { kind, object };
    }
    case 'Workspace': {
      const object = workspaces.get(key);
      return object === undefined ? undefined : { kind, object };
    }
    case 'TemplateAsset': {
      const object = templateAssets.get(key);
      return object === undefined ? undefined : { kind, object };
    }
    default:
      return undefined;
  }
}
