import {
  ANNOTATIONS,
  APPROVAL_FINALIZER,
  CONTAINERS,
  LABELS,
  PLATFORM_AGENT_NAME,
  VOLUME_FINALIZER,
} from '../../../src/apis/v1alpha1/names.ts';
import {
  APPROVAL_REQUESTS,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  TEMPLATE_ASSETS,
  WORKSPACES,
} from '../../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest, TemplateAsset, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { KubeObject, Resource } from '../../../src/kube/objects.ts';
import type { MemoryApi } from '../../memory-api/memory-api.ts';
import { readTarget, type Target } from '../../memory-api/request.ts';
import { type ApiRequest, type ApiResponse, type ApiWatch, isSameJson, isWatch } from '../../memory-api/rest.ts';
import type { FakeForge } from './fake-forge.ts';
import type { PodObject } from './neighbours.ts';
import type { WatchedLedger } from './watched-ledger.ts';

/** What people write on objects of others; nobody but them takes it away. */
export const FOREIGN = 'foreign.example/';
/** On objects that the operator did not make and must leave alone. */
export const NOT_OURS = `${FOREIGN}not-ours`;

export interface GuardOptions {
  readonly api: MemoryApi;
  readonly kinds: readonly Resource[];
  readonly ledger: WatchedLedger;
  readonly forge: FakeForge;
  readonly now: () => Date;
  /** How old what an operator knows may be. */
  readonly staleMs: number;
  readonly report: (violation: string) => void;
}

/** Looks at every write of an operator, before and after it, and reports what must never be. */
export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** The API as operators see it. */
  handle(request: ApiRequest): ApiResponse | ApiWatch {
    const { api } = this.#options;
    if (request.method === 'GET') return api.handle(request);
    const target = readTarget(request, this.#options.kinds);
    const before = api.object(target.resource, target);
    const version = before?.metadata.resourceVersion;
    const answer = api.handle(request);
    const after = api.object(target.resource, target);
    const isApplied = !isWatch(answer) && answer.code < 300;
    if (isApplied && request.method === 'DELETE') this.#lookAtDelete(request, target, before);
    if (isApplied && request.method === 'POST' && target.resource.kind === 'Pod')
      this.#lookAtPod(JSON.parse(request.body ?? '') as PodObject);
    if (before !== undefined && after?.metadata.resourceVersion !== version) this.#lookAtChange(target, before, after);
    this.#lookAtState();
    return answer;
  }

  /** An operation is closed once its Pod is gone, and not when it was only asked to go. */
  lookAtConclusion(workspaceUID: string): void {
    for (const { metadata } of this.#options.api.objects(PODS)) {
      if (metadata.annotations?.[ANNOTATIONS.workspaceUID] === workspaceUID)
        this.#report(`The operation was closed while the Pod ${metadata.name} was there`);
    }
  }

  #report(what: string): void {
    this.#options.report(what);
  }

  #lookAtDelete(request: ApiRequest, { resource, namespace, name }: Target, before: KubeObject | undefined): void {
    const { preconditions = {} } = JSON.parse(request.body ?? '{}') as {
      readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
    };
    const what = `${resource.kind} ${namespace}/${name}`;
    if (preconditions.uid === undefined || preconditions.resourceVersion === undefined)
      this.#report(`${what} was deleted without uid and resourceVersion`);
    if (resource.kind === PERSISTENT_VOLUME_CLAIMS.kind) this.#lookAtErasure(what, before);
    if (resource.kind === PODS.kind && before !== undefined) this.#lookAtLedger(before);
  }

  /** In the deletion of a Workspace that was approved nothing is destroyed that was not announced. */
  #lookAtLedger({ metadata }: KubeObject): void {
    const { api, ledger, now, staleMs } = this.#options;
    const uid = metadata.annotations?.[ANNOTATIONS.workspaceUID] ?? '';
    const workspace = api.objects(WORKSPACES).find((candidate) => candidate.metadata.uid === uid);
    const since = Date.parse(workspace?.metadata.deletionTimestamp ?? '');
    const isKnown = now().getTime() - since > staleMs;
    if (isKnown && ledger.isCovered(uid) && !ledger.isRecorded(uid))
      this.#report(`The Pod ${metadata.name} was deleted before the ledger had the intent`);
  }

  /** No data goes before its time, nor without an approval. */
  #lookAtErasure(what: string, claim: KubeObject | undefined): void {
    if (!this.#options.ledger.isErasable(claim?.metadata.uid ?? ''))
      this.#report(`${what} was to be kept and is erased`);
  }

  /** Nothing is let go but under an approval, recorded as nothing that anybody has, or denied and kept as it is. */
  #lookAtRelease(what: string, object: KubeObject): void {
    const { ledger } = this.#options;
    const { kind, metadata } = object;
    const { uid = '' } = metadata;
    if (kind === TEMPLATE_ASSETS.kind ? ledger.isRecorded(uid) : ledger.isCovered(uid)) return;
    if (!ledger.isDenied(uid)) this.#report(`${what} was let go and nobody had approved that`);
    const kept = ledger.keptOf(uid);
    if (kept === undefined || !isSameJson(contentOf(kept), contentOf(object)))
      this.#report(`${what} was let go and is not kept as it is`);
  }

  /** No agent starts on a stub. */
  #lookAtPod({ metadata, spec }: PodObject): void {
    const { api, forge, now, staleMs } = this.#options;
    const uid = metadata.annotations?.[ANNOTATIONS.workspaceUID];
    const workspace = api.objects(WORKSPACES).find((candidate) => candidate.metadata.uid === uid) as
      | Workspace
      | undefined;
    if ((spec.initContainers ?? []).some(({ name }) => name === CONTAINERS.materialize)) {
      const digest = metadata.annotations?.[ANNOTATIONS.assetsDigest] ?? '';
      if (!forge.hasFetched(digest)) this.#report(`The Pod ${metadata.name} was made for a tree that nobody has`);
      return;
    }
    const named = workspace?.spec.templateRef?.name;
    const name = named ?? (workspace?.spec.kind === 'platform' ? PLATFORM_AGENT_NAME : '');
    const key = { namespace: metadata.namespace ?? '', name };
    const template = api.object(TEMPLATE_ASSETS, key) as TemplateAsset | undefined;
    const isNew = now().getTime() - Date.parse(template?.metadata.creationTimestamp ?? '') <= staleMs;
    if (named !== undefined || (template !== undefined && !isNew))
      this.#report(`The Pod ${metadata.name} was made without its template`);
  }

  #lookAtChange({ resource }: Target, before: KubeObject, after: KubeObject | undefined): void {
    const what = `${resource.kind} ${before.metadata.namespace}/${before.metadata.name}`;
    const isOurHold = ({ metadata }: KubeObject): boolean => (metadata.finalizers ?? []).includes(APPROVAL_FINALIZER);
    if (isOurHold(before) && (after === undefined || !isOurHold(after))) this.#lookAtRelease(what, before);
    if (isVolumeHeld(before) && (after === undefined || !isVolumeHeld(after))) this.#lookAtErasure(what, before);
    if (before.metadata.annotations?.[NOT_OURS] !== undefined) this.#report(`${what} is not ours and was changed`);
    if (after === undefined || after.metadata.uid !== before.metadata.uid) return;
    for (const part of ['labels', 'annotations'] as const) {
      if (!isSameJson(foreign(before.metadata[part]), foreign(after.metadata[part])))
        this.#report(`Foreign ${part} of ${what} were changed`);
    }
    if (!isSameJson(foreignFinalizers(before), foreignFinalizers(after)))
      this.#report(`Foreign finalizers of ${what} were changed`);
    const isPersons = resource.group === WORKSPACES.group && before.metadata.name !== PLATFORM_AGENT_NAME;
    if (isPersons && !isSameJson(specOf(before), askedBy(before, after)))
      this.#report(`The spec of ${what} is a person’s and was changed`);
  }

  #lookAtState(): void {
    const { api } = this.#options;
    const workspaces = api.objects(WORKSPACES) as readonly Workspace[];
    for (const { metadata, status } of workspaces) {
      const { incarnation = metadata.uid ?? '' } = status ?? {};
      if (incarnation !== metadata.uid && !this.#options.ledger.isKept(incarnation))
        this.#report(`${metadata.name} has the status of a namesake`);
    }
    const platform = workspaces.filter(({ spec }) => spec.kind === 'platform');
    for (const { metadata } of platform)
      if (metadata.name !== PLATFORM_AGENT_NAME) this.#report(`${metadata.name} is a platform agent`);
    const live = api
      .objects(PODS)
      .filter(
        ({ metadata }) => metadata.deletionTimestamp === undefined && metadata.annotations?.[NOT_OURS] === undefined,
      );
    const incarnations = live.map(
      ({ metadata }) => metadata.annotations?.[ANNOTATIONS.incarnation] ?? metadata.labels?.[LABELS.incarnation],
    );
    for (const [index, incarnation] of incarnations.entries()) {
      if (incarnation !== undefined && incarnations.indexOf(incarnation) !== index)
        this.#report(`The incarnation ${incarnation} has two Pods`);
    }
  }
}

function foreign(values: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith(FOREIGN)));
}

function foreignFinalizers({ metadata }: KubeObject): readonly string[] {
  return (metadata.finalizers ?? []).filter((finalizer) => finalizer.startsWith(FOREIGN));
}

function isVolumeHeld({ metadata }: KubeObject): boolean {
  return (metadata.finalizers ?? []).includes(VOLUME_FINALIZER);
}

/** What people wrote. */
function contentOf(object: KubeObject): unknown {
  const { labels = {}, annotations = {} } = object.metadata;
  return { labels, annotations, spec: specOf(object) };
}

/** The spec without what the operator may add once to what a person asked: what would be lost by it. */
function askedBy(before: KubeObject, after: KubeObject): unknown {
  if (after.kind !== APPROVAL_REQUESTS.kind || (before as ApprovalRequest).spec.record !== undefined)
    return specOf(after);
  const { record: _record, hash: _hash, expiresAt: _expiresAt, ...asked } = (after as ApprovalRequest).spec;
  return asked;
}

function specOf(object: KubeObject): unknown {
  return (object as KubeObject & { readonly spec?: unknown }).spec;
}
