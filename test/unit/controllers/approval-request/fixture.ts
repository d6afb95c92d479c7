import { REASONS } from '../../../../src/apis/v1alpha1/reasons.ts';
import type { ApprovalRequest, Org, TemplateAsset, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { Condition } from '../../../../src/conditions/condition.ts';
import { type Attempt, attemptOf } from '../../../../src/controllers/approval-request/attempt.ts';
import { type ApprovalSources, gatherApproval } from '../../../../src/controllers/approval-request/gather.ts';
import { LiveSource } from '../../../../src/controllers/approval-request/live-source.ts';
import type { LedgerReading, Matter } from '../../../../src/controllers/approval-request/matter.ts';
import { createMemorySource } from '../../../../src/controllers/approval-request/memory-source.ts';
import { type Operation, readOperation } from '../../../../src/controllers/approval-request/operation.ts';
import { planApproval } from '../../../../src/controllers/approval-request/plan.ts';
import { recordOf } from '../../../../src/controllers/approval-request/request.ts';
import { deletionOf, keyOfSubject, type Subject } from '../../../../src/controllers/approval-request/subject.ts';
import type { Clearance } from '../../../../src/controllers/clearance.ts';
import { BY_NAMESPACE, BY_PARENT, BY_TEMPLATE } from '../../../../src/controllers/stores.ts';
import type { ObservedPod, ObservedVolume } from '../../../../src/controllers/workspace/observed.ts';
import type { KubeClient } from '../../../../src/kube/client.ts';
import { ApiError } from '../../../../src/kube/errors.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import type { ApprovalCase, CaseFile } from '../../../../src/ledger/port.ts';
import { LedgerUnavailableError } from '../../../../src/ledger/unavailable.ts';
import { hashRecord } from '../../../../src/rules/approval/record.ts';
import type { PassFailure } from '../../../../src/runtime/controller.ts';
import type { Plan } from '../../../../src/runtime/plan.ts';
import { CLEAR, requestStore } from '../../../builders/approval-request.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { meta, NAMESPACE, org, uidOf, workspace } from '../../../builders/objects.ts';

export const NOW = new Date('2026-03-02T09:00:00Z');
export const DELETED = '2026-03-02T08:59:00Z';
export const NONCE = 'n'.repeat(32);
export const CLUSTER = uidOf('kube-system');
const signal = new AbortController().signal;

export const WRITER: Subject = { kind: 'Workspace', namespace: NAMESPACE, name: 'writer' };
export const writerUID = uidOf('writer');

export function writer(changes: Partial<Workspace> = {}): Workspace {
  return workspace('writer', changes);
}

export function deleted<T extends KubeObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, deletionTimestamp: DELETED } };
}

/** The volume of a Workspace that was never made anew. */
export function volumeOf({ metadata }: Workspace): ObservedVolume {
  const incarnation = metadata.uid ?? '';
  const name = `${metadata.name}-${incarnation.slice(0, 8)}`;
  return {
    metadata: { ...meta(name, uidOf(name)), labels: { 'moleculesai.app/incarnation': incarnation } },
    phase: 'Bound',
    requested: '10Gi',
    resizes: [],
  };
}

export interface World {
  readonly org?: Org;
  readonly workspaces: readonly Workspace[];
  readonly templateAssets?: readonly TemplateAsset[];
  readonly volumes?: readonly ObservedVolume[];
  readonly pods?: readonly ObservedPod[];
  readonly requests?: readonly ApprovalRequest[];
  readonly clearance?: Clearance;
  /** What the ledger answers; without it a call is a fault of the test. */
  readonly file?: CaseFile | Error;
  /** What the apiserver says where that differs from memory. */
  readonly live?: Partial<Pick<World, 'workspaces' | 'volumes'>>;
  readonly now?: Date;
  readonly lastFailure?: PassFailure;
}

export const HELD: World = { workspaces: [deleted(writer())], volumes: [volumeOf(writer())] };
export const STANDING: World = { workspaces: [writer()], volumes: [volumeOf(writer())] };

function storesOf({
  org: given = org(),
  workspaces,
  templateAssets = [],
  volumes = [],
  pods = [],
  requests = [],
}: World) {
  return {
    orgs: fakeStore([given]),
    workspaces: fakeStore(workspaces, {
      [BY_NAMESPACE]: ({ metadata }) => metadata.namespace,
      [BY_PARENT]: ({ metadata, spec }) => spec.parentRef && `${metadata.namespace}/${spec.parentRef.name}`,
      [BY_TEMPLATE]: ({ metadata, spec }) => spec.templateRef && `${metadata.namespace}/${spec.templateRef.name}`,
    }),
    templateAssets: fakeStore(templateAssets),
    volumes: fakeStore(volumes),
    pods: fakeStore(pods),
    approvalRequests: requestStore(...requests),
  };
}

/** An apiserver that holds the world, and one PersistentVolume for each bound claim. */
function apiOf(world: World): Pick<KubeClient, 'get' | 'list' | 'create'> & { readonly reads: string[] } {
  const now = { ...world, ...world.live };
  const { org: given = org(), workspaces, templateAssets = [], volumes = [] } = now;
  const reads: string[] = [];
  const claim = ({ metadata }: ObservedVolume): object => ({ metadata, spec: { volumeName: `pv-${metadata.name}` } });
  const objects: Readonly<Record<string, readonly object[]>> = {
    Org: [given],
    Workspace: workspaces,
    TemplateAsset: templateAssets,
    PersistentVolumeClaim: volumes.map(claim),
    PersistentVolume: volumes.map(({ metadata }) => ({
      metadata: { name: `pv-${metadata.name}` },
      spec: { persistentVolumeReclaimPolicy: 'Delete' },
    })),
    Namespace: [{ metadata: { name: 'kube-system', uid: CLUSTER } }],
  };
  const of = (kind: string): readonly KubeObject[] => (objects[kind] ?? []) as readonly KubeObject[];
  const api = {
    reads,
    get: async ({ kind }: { readonly kind: string }, { name }: { readonly name: string }) => {
      reads.push(`get ${kind} ${name}`);
      const found = of(kind).find(({ metadata }) => metadata.name === name);
      if (found === undefined) throw new ApiError('not found', { code: 404, reason: 'NotFound' });
      return found;
    },
    list: async ({ kind }: { readonly kind: string }, options: { readonly fieldSelector?: string }) => {
      reads.push(`list ${kind} ${options.fieldSelector ?? ''}`.trim());
      const parent = options.fieldSelector?.split('=')[1];
      const items = (of(kind) as readonly Workspace[]).filter(
        ({ spec }) => parent === undefined || spec.parentRef?.name === parent,
      );
      return { items, resourceVersion: '1' };
    },
    create: async () => {
      throw new ApiError('already exists', { code: 409, reason: 'AlreadyExists' });
    },
  };
  return api as unknown as ReturnType<typeof apiOf>;
}

export interface Pass {
  readonly plan: Plan;
  /** Requests to the apiserver, and calls of the ledger. */
  readonly reads: readonly string[];
}

/** One pass over the requests of one name; undefined when there was nothing to look at. */
export async function pass(world: World, subject: Subject = WRITER): Promise<Pass | undefined> {
  const api = apiOf(world);
  const { file, clearance = CLEAR, now = NOW, lastFailure } = world;
  const sources: ApprovalSources = {
    ...storesOf(world),
    client: api,
    live: new LiveSource(api),
    clearance: { current: () => clearance },
    ledger: {
      readCase: async (uid) => {
        api.reads.push(`case ${uid}`);
        if (file === undefined || file instanceof Error) throw file ?? new Error('The ledger was not to be asked');
        return file;
      },
      readSnapshot: async () => undefined,
    },
    now: () => now,
  };
  const snapshot = await gatherApproval(keyOfSubject(subject), sources, signal);
  if (snapshot === undefined) return undefined;
  const failure = lastFailure === undefined ? {} : { lastFailure };
  return { plan: planApproval({ ...snapshot, ...failure }, now), reads: api.reads };
}

export function latest(changes: Partial<ApprovalCase> = {}): ApprovalCase {
  const drawn = { nonce: NONCE, expiresAt: '2026-03-09T09:00:00Z', isExpired: false };
  return { id: 'case-1', attempt: 1, state: 'Open', ...drawn, ...changes };
}

/** The ledger's answer about a request that is bound to it. */
export function fileOf({ spec }: ApprovalRequest, changes: Partial<ApprovalCase> = {}): CaseFile {
  return { askers: ['ann'], latest: latest({ ...(spec.hash === undefined ? {} : { hash: spec.hash }), ...changes }) };
}

/** What the operation does, with all that the apiserver knows. */
export async function operationOf(world: World, subject: Subject = WRITER): Promise<Operation> {
  const operation = await readOperation(subject, new LiveSource(apiOf(world)), signal);
  if (operation === undefined) throw new Error('There is no such object in this world');
  return operation;
}

export async function observedOf(world: World, subject: Subject = WRITER): Promise<Operation | undefined> {
  return readOperation(subject, createMemorySource(storesOf(world)), signal);
}

interface RequestChanges {
  readonly name?: string;
  readonly spec?: Partial<ApprovalRequest['spec']>;
  readonly status?: ApprovalRequest['status'];
  readonly attempt?: Attempt;
}

/** The request that the operator makes for what the world holds, before anything was said of it. */
export async function requestFor(
  world: World,
  { name = 'apr-1', spec = {}, status, attempt = attemptOf(latest(), ['ann']) }: RequestChanges = {},
  subject: Subject = WRITER,
): Promise<ApprovalRequest> {
  const operation = await operationOf(world, subject);
  const record = recordOf(operation, attempt, CLUSTER);
  const own = { record, hash: hashRecord(record), expiresAt: attempt.expiresAt };
  return { ...draft(name, { ...own, ...spec }, subject, operation.uid), ...(status === undefined ? {} : { status }) };
}

/** What somebody asks for by himself. */
export function draft(
  name: string,
  spec: Partial<ApprovalRequest['spec']> = {},
  { kind, name: target }: Subject = WRITER,
  uid: string = writerUID,
): ApprovalRequest {
  return {
    apiVersion: 'moleculesai.app/v1alpha1',
    kind: 'ApprovalRequest',
    metadata: { ...meta(name, uidOf(name)), finalizers: [] },
    spec: {
      action: deletionOf(kind) ?? 'secret_write',
      target: { group: 'moleculesai.app', kind, name: target, uid },
      requestedBy: 'ann',
      ...spec,
    },
  };
}

export const PENDING = { phase: 'Pending' } as const;

export function decision(hash: string | undefined, verdict: 'Approved' | 'Denied' = 'Approved', by = 'bob') {
  return { verdict, hash: hash ?? '', by };
}

/** The request as it stands once a human has decided it. */
export function decided(request: ApprovalRequest, verdict: 'Approved' | 'Denied' = 'Approved'): ApprovalRequest {
  const { metadata, spec } = request;
  return {
    ...request,
    metadata: { ...metadata, generation: (metadata.generation ?? 0) + 1 },
    spec: { ...spec, decision: decision(spec.hash, verdict) },
  };
}

export const SILENT: LedgerReading = {
  kind: 'silent',
  reason: REASONS.ledgerUnavailable,
  message: 'The ledger does not answer',
};

export type { Matter };

export const DEAD = {
  ledger: 'unavailable',
  ledgerDeadSince: new Date('2026-03-02T08:55:00Z'),
  openRoutes: [],
} as const;
export const DOWN = new LedgerUnavailableError('down');

/** What one pass plans; there has to be something to look at. */
export async function planOf(world: World, ...rest: readonly Parameters<typeof pass>[1][]): Promise<Plan> {
  const result = await pass(world, ...rest);
  if (result === undefined) throw new Error('There was nothing to look at');
  return result.plan;
}

export const kinds = ({ approvals = [] }: Plan): readonly string[] =>
  approvals.map((effect) => (effect.kind === 'close' ? `close ${effect.as}` : effect.kind));
export const phase = ({ status }: Plan): unknown => status?.patch.phase;
export const reasons = ({ events = [] }: Plan): readonly string[] => events.map(({ reason }) => reason);
export const concluded = ({ status }: Plan): Condition | undefined =>
  (status?.patch.conditions as readonly Condition[] | undefined)?.find(({ type }) => type === 'Concluded');

/** The request as it stands after the plan. */
export function told(request: ApprovalRequest, plan: Plan): ApprovalRequest {
  return { ...request, status: { ...request.status, ...plan.status?.patch } };
}
