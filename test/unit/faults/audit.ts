import { LABELS, ORG_NAME, PLATFORM_AGENT_NAME } from '../../../src/apis/v1alpha1/names.ts';
import {
  NETWORK_POLICIES,
  ORGS,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  SERVICE_ACCOUNTS,
  WORKSPACES,
} from '../../../src/apis/v1alpha1/resources.ts';
import type { Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { isUpToDate } from '../../../src/controllers/org/desired.ts';
import type { KubeObject, Resource } from '../../../src/kube/objects.ts';
import { canonicalJson } from '../../../src/platform/digest.ts';
import type { MemoryApi } from '../../memory-api/memory-api.ts';
import { readTarget, type Target } from '../../memory-api/request.ts';
import { type ApiRequest, type ApiResponse, type ApiWatch, isWatch } from '../../memory-api/rest.ts';
import { type AgentPod, imageOf, isGoing, wantedImage } from './wanted.ts';

/** Many times what a good run needs. Time stands still while operators undo each other's work. */
const MAX_REQUESTS = 10_000;
const GO_WITH_THE_ORG = new Set<string>([WORKSPACES.kind, NETWORK_POLICIES.kind, SERVICE_ACCOUNTS.kind]);
const CHILDREN = new Set<string>([PODS.kind, PERSISTENT_VOLUME_CLAIMS.kind]);

interface Write {
  readonly target: Target;
  readonly request: ApiRequest;
  readonly body: { readonly metadata?: { readonly uid?: string; readonly resourceVersion?: string } };
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

/** Stands between operators and the API, lets everything through, and writes down what no operator may ever do. */
export class Audit {
  /** Each once, however often it happened. */
  readonly violations = new Set<string>();
  readonly #api: MemoryApi;
  readonly #kinds: readonly Resource[];
  /** Uids of Pods that at some time were not what a spec wanted; a pass may have seen just that. */
  readonly #unwanted = new Set<string>();

  #requests = 0;

  constructor(api: MemoryApi, kinds: readonly Resource[]) {
    this.#api = api;
    this.#kinds = kinds;
  }

  compact(): void {
    this.#api.compact();
  }

  /** To be called before every change of a spec: the Pods of the namespace may go from now on. */
  unwant(namespace: string): void {
    for (const { metadata } of this.#api.objects(PODS)) {
      if (metadata.namespace === namespace) this.#unwanted.add(metadata.uid ?? '');
    }
  }

  handle(request: ApiRequest): ApiResponse | ApiWatch {
    this.#requests += 1;
    if (this.#requests > MAX_REQUESTS) {
      this.violations.add(`More than ${MAX_REQUESTS} requests: something goes round in circles`);
      throw new Error('This run has had its requests');
    }
    if (request.method === 'GET') return this.#api.handle(request);
    const target = readTarget(request, this.#kinds);
    const body = JSON.parse(request.body ?? '{}');
    const name = target.name === '' ? (body.metadata?.name ?? '') : target.name;
    const key = { namespace: target.namespace, name };
    const before = this.#api.object(target.resource, key);
    const answer = this.#api.handle(request);
    if (!isWatch(answer) && answer.code < 300) {
      const write = { target, request, body, before, after: this.#api.object(target.resource, key) };
      for (const fault of this.#judge(write)) {
        this.violations.add(`${request.method} ${request.path}: ${fault}`);
      }
    }
    return answer;
  }

  #judge(write: Write): readonly string[] {
    switch (write.request.method) {
      case 'DELETE':
        return this.#judgeDelete(write);
      case 'POST':
        return this.#judgeCreate(write);
      default:
        return this.#judgeUpdate(write);
    }
  }

  #judgeDelete({ target, body, before }: Write): readonly string[] {
    const { preconditions } = body as {
      readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
    };
    const blind =
      preconditions?.uid === undefined || preconditions.resourceVersion === undefined
        ? ['it names no uid and resourceVersion']
        : [];
    if (before === undefined) return blind;
    return [...blind, ...(this.#mayGo(target.resource, before) ? [] : ['it deletes what the spec wants'])];
  }

  #mayGo(resource: Resource, object: KubeObject): boolean {
    if (resource.kind === PODS.kind) return this.#unwanted.has(object.metadata.uid ?? '') || !this.#isWanted(object);
    const org = this.#api.object(ORGS, { namespace: object.metadata.namespace ?? '', name: ORG_NAME });
    return GO_WITH_THE_ORG.has(resource.kind) && org !== undefined && isGoing(org, this.#api);
  }

  #isWanted(pod: AgentPod): boolean {
    const namespace = pod.metadata.namespace ?? '';
    const name = pod.metadata.labels?.[LABELS.workspace] ?? '';
    const workspace = this.#api.object(WORKSPACES, { namespace, name }) as Workspace | undefined;
    const org = this.#api.object(ORGS, { namespace, name: ORG_NAME }) as Org | undefined;
    return workspace !== undefined && imageOf(pod) === wantedImage(workspace, org, this.#api);
  }

  #judgeCreate({ target, after }: Write): readonly string[] {
    const workspaceOf = ({ metadata }: KubeObject): string =>
      `${metadata.namespace}/${metadata.labels?.[LABELS.workspace]}/${metadata.labels?.[LABELS.incarnation]}`;
    if (!CHILDREN.has(target.resource.kind) || after === undefined) return [];
    const twins = this.#api.objects(target.resource).filter((other) => workspaceOf(other) === workspaceOf(after));
    return twins.length > 1 ? [`${twins.length} of them for one Workspace`] : [];
  }

  #judgeUpdate({ target, request, body, before, after }: Write): readonly string[] {
    const { resource, subresource } = target;
    const isPatch = request.contentType === 'application/merge-patch+json';
    if (isPatch && subresource === 'status') {
      return body.metadata?.uid === undefined || body.metadata.resourceVersion === undefined
        ? ['it writes status without naming uid and resourceVersion']
        : [];
    }
    if (before === undefined || after === undefined) return [];
    const isSameSpec = canonicalJson(specOf(before)) === canonicalJson(specOf(after));
    if (isSameSpec || resource.kind === PODS.kind) return [];
    if (resource.kind !== WORKSPACES.kind || target.name !== PLATFORM_AGENT_NAME)
      return ['it changes what a user wrote'];
    const org = this.#api.object(ORGS, { namespace: target.namespace, name: ORG_NAME }) as Org | undefined;
    const wasCurrent = org !== undefined && isUpToDate(before as Workspace, org);
    return wasCurrent && !isUpToDate(after as Workspace, org) ? ['it overwrites a newer write'] : [];
  }
}

function specOf(object: KubeObject): unknown {
  return (object as KubeObject & { readonly spec?: unknown }).spec ?? null;
}
