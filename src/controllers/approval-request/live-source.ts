import { ORG_NAME } from '../../apis/v1alpha1/names.ts';
import {
  NAMESPACES,
  ORGS,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  TEMPLATE_ASSETS,
  WORKSPACES,
} from '../../apis/v1alpha1/resources.ts';
import type { Org, TemplateAsset, Workspace } from '../../apis/v1alpha1/types.generated.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, ObjectKey, Resource } from '../../kube/objects.ts';
import { Semaphore } from '../../kube/semaphore.ts';
import { observeMeta } from '../workspace/observed.ts';
import { readLive } from '../workspace/read-live.ts';
import type { Claim, OperationSource } from './operation.ts';
import type { Subject, Target } from './subject.ts';

const READS_AT_ONCE = 16;
const PAGE = 500;

type Reader = Pick<KubeClient, 'get' | 'list'>;

interface RawClaim extends KubeObject {
  readonly spec?: { readonly volumeName?: string };
}

interface RawVolume extends KubeObject {
  readonly spec?: { readonly persistentVolumeReclaimPolicy?: NonNullable<Claim['reclaimPolicy']> };
}

/**
 * What the apiserver itself says. An approval is worth what was looked at, and a watch may be behind without knowing it. However
 * many passes read at once, only so many requests are under way.
 */
export class LiveSource implements OperationSource {
  readonly #client: Reader;
  readonly #slots = new Semaphore(READS_AT_ONCE);
  #clusterUID: string | undefined;

  constructor(client: Reader) {
    this.#client = client;
  }

  /** Stands for the cluster, for as long as there is one. */
  async clusterUID(signal: AbortSignal): Promise<string> {
    if (this.#clusterUID === undefined) {
      const key = { namespace: '', name: 'kube-system' };
      const { metadata } = await this.#client.get(NAMESPACES, key, { signal });
      this.#clusterUID = metadata.uid ?? '';
    }
    return this.#clusterUID;
  }

  async target({ kind, namespace, name }: Subject, signal: AbortSignal): Promise<Target | undefined> {
    const key = { namespace, name };
    switch (kind) {
      case 'Org': {
        const object = await this.#read<Org>(ORGS, key, signal);
        return object === undefined ? undefined : { kind, object };
      }
      case 'Workspace': {
        const object = await this.#read<Workspace>(WORKSPACES, key, signal);
        return object === undefined ? undefined : { kind, object };
      }
      case 'TemplateAsset': {
        const object = await this.#read<TemplateAsset>(TEMPLATE_ASSETS, key, signal);
        return object === undefined ? undefined : { kind, object };
      }
      default:
        return undefined;
    }
  }

  async org(namespace: string, signal: AbortSignal): Promise<Org | undefined> {
    return this.#read<Org>(ORGS, { namespace, name: ORG_NAME }, signal);
  }

  async workspaces(namespace: string, signal: AbortSignal): Promise<readonly Workspace[]> {
    return this.#list({ namespace }, signal);
  }

  async children({ namespace, name }: ObjectKey, signal: AbortSignal): Promise<readonly Workspace[]> {
    return this.#list({ namespace, fieldSelector: `spec.parentRef.name=${name}` }, signal);
  }

  async claim(key: ObjectKey, signal: AbortSignal): Promise<Claim | undefined> {
    const claim = await this.#read<RawClaim>(PERSISTENT_VOLUME_CLAIMS, key, signal);
    if (claim === undefined) return undefined;
    const metadata = observeMeta(claim.metadata);
    const name = claim.spec?.volumeName;
    if (name === undefined) return { metadata };
    const volume = await this.#read<RawVolume>(PERSISTENT_VOLUMES, { namespace: '', name }, signal);
    const reclaimPolicy = volume?.spec?.persistentVolumeReclaimPolicy;
    return { metadata, volumeName: name, ...(reclaimPolicy === undefined ? {} : { reclaimPolicy }) };
  }

  #read<T extends KubeObject>(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<T | undefined> {
    // The decoding edge: the apiserver answers with what was asked for.
    const observe = (object: KubeObject): T => object as T;
    return this.#slots.run(() => readLive(this.#client, { resource, observe }, { key, signal }), signal);
  }

  async #list(
    select: { readonly namespace: string; readonly fieldSelector?: string },
    signal: AbortSignal,
  ): Promise<readonly Workspace[]> {
    const found: Workspace[] = [];
    let next: string | undefined;
    do {
      const options = { ...select, limit: PAGE, signal, ...(next === undefined ? {} : { continue: next }) };
      const page = await this.#slots.run(() => this.#client.list<Workspace>(WORKSPACES, options), signal);
      found.push(...page.items);
      next = page.continue;
    } while (next !== undefined && next !== '');
    return found;
  }
}
