import { ANNOTATIONS } from '../apis/v1alpha1/names.ts';
import { PERSISTENT_VOLUME_CLAIMS, WORKSPACES } from '../apis/v1alpha1/resources.ts';
import { listNames } from '../conditions/name-list.ts';
import type { ObjectKey } from '../kube/objects.ts';
import { explainFailure } from './cluster-failure.ts';
import type { CommandContext } from './command-context.ts';
import type { ClusterClient } from './connect.ts';
import type { ObjectReference } from './object-reference.ts';
import { type ClusterFlags, clusterWords, type TextFormat } from './options.ts';
import { CLI_API_VERSION, printStructured } from './print-structured.ts';
import { createProgress } from './progress.ts';
import { find } from './read-object.ts';
import { type KeptVolume, listKeptVolumes, listOf, renderKeptVolumes } from './restore/kept-volumes.ts';
import { type Returned, waitForReturn } from './restore/wait-for-return.ts';
import { explain, type State } from './standing.ts';
import { readDeadline, withCluster } from './with-cluster.ts';

export interface KeptFlags extends ClusterFlags {
  readonly output: TextFormat;
  readonly allNamespaces?: boolean;
}

export interface RestoreFlags extends KeptFlags {
  readonly incarnation?: string;
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/** What -o json and -o yaml print: members are added, never renamed or removed; null means not known. */
interface RestoreResult {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'RestoreResult';
  readonly volume: KeptVolume;
  /** Requested: not waited for. */
  readonly outcome: 'Requested' | Returned['outcome'];
  readonly state: State | null;
  readonly reason: string | null;
  readonly message: string | null;
}

const FIELD_MANAGER = 'kubectl-molecule';

/** `kubectl molecule restore --list`: the data of deleted Workspaces, and how long it is kept. */
export async function listKept(flags: KeptFlags, context: CommandContext): Promise<void> {
  const { io, signal, now } = context;
  const isEverywhere = flags.allNamespaces === true;
  const { volumes, where } = await withCluster(flags, context, async ({ client, namespace: own }) => {
    const namespace = isEverywhere ? undefined : (flags.namespace ?? own);
    const volumes = await listKeptVolumes(client, { namespace, signal: readDeadline(signal) });
    return { volumes, where: namespace === undefined ? 'any namespace' : `namespace "${namespace}"` };
  });
  if (flags.output !== 'text') return printStructured(listOf(volumes), flags.output, io.stdout);
  if (volumes.length === 0) return void io.stderr.write(`No volume of a deleted Workspace is kept in ${where}\n`);
  const lines = renderKeptVolumes(volumes, { now: now(), isEverywhere });
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** `kubectl molecule restore`: asks for a deleted Workspace with its data, and can wait until it is ready. */
export async function restoreWorkspace(
  reference: ObjectReference,
  flags: RestoreFlags,
  context: CommandContext,
): Promise<void> {
  const { io, signal } = context;
  const result = await withCluster(flags, context, async ({ client, namespace }): Promise<RestoreResult> => {
    const key = { namespace: flags.namespace ?? namespace, name: reference.name };
    const deadline = readDeadline(signal);
    await refuseLive(client, { key, signal: deadline, flags });
    const volume = await chooseVolume(client, { key, signal: deadline, flags });
    await askBack(client, volume, { requestedAt: context.now().toISOString(), signal: deadline });
    const base = { apiVersion: CLI_API_VERSION, kind: 'RestoreResult', volume } as const;
    if (flags.wait !== true) return { ...base, outcome: 'Requested', state: null, reason: null, message: null };
    const progress = createProgress(io, flags.color);
    const waiting = { volume, timeoutMs: flags.timeout, progress, signal };
    const { outcome, standing } = await waitForReturn(client, waiting).finally(() => progress.stop());
    return { ...base, outcome, ...standing };
  });
  if (flags.output !== 'text') printStructured(result, flags.output, io.stdout);
  const sentence = conclusion(result, flags);
  if (result.outcome !== 'Requested' && result.outcome !== 'Ready') throw new Error(sentence);
  if (flags.output === 'text') io.stdout.write(`${sentence}\n`);
}

interface Asking {
  readonly key: ObjectKey;
  readonly flags: RestoreFlags;
  readonly signal: AbortSignal;
}

/** A name is one Workspace's. What may not be read is for the operator to refuse. */
async function refuseLive(client: ClusterClient, { key, flags, signal }: Asking): Promise<void> {
  const found = await find(client.get(WORKSPACES, key, { signal }));
  if (found.kind !== 'found') return;
  const status = `kubectl molecule status ws/${key.name} ${clusterWords(flags, key.namespace)}`;
  throw new Error(
    `Cannot restore Workspace ${key.namespace}/${key.name}: a Workspace of that name exists; look at it: ${status}, and delete it first if it is not the one you want`,
  );
}

/** The newest of the name, unless an incarnation says which. */
async function chooseVolume(client: ClusterClient, { key, flags, signal }: Asking): Promise<KeptVolume> {
  const { namespace, name } = key;
  const { incarnation } = flags;
  const kept = await listKeptVolumes(client, { namespace, signal });
  const ofName = kept.filter(({ workspace }) => workspace === name);
  const chosen = ofName.find((volume) => incarnation === undefined || volume.incarnation === incarnation);
  if (chosen !== undefined) return chosen;
  const list = `kubectl molecule restore --list ${clusterWords(flags, namespace)}`;
  if (ofName.length > 0)
    throw new Error(
      `Cannot restore Workspace ${namespace}/${name}: no volume of incarnation ${incarnation} is kept; see which are: ${list}`,
    );
  const names = [...new Set(kept.map(({ workspace }) => workspace))];
  const others =
    names.length === 0 ? 'none is in this namespace' : `those of ${listNames(names)} are; see more: ${list}`;
  throw new Error(`Cannot restore Workspace ${namespace}/${name}: no volume of it is kept, ${others}`);
}

async function askBack(
  client: ClusterClient,
  { namespace, claim, uid, workspace }: KeptVolume,
  { requestedAt, signal }: { readonly requestedAt: string; readonly signal: AbortSignal },
): Promise<void> {
  const body = { metadata: { uid, annotations: { [ANNOTATIONS.restore]: requestedAt } } };
  try {
    const key = { namespace, name: claim };
    await client.patch(PERSISTENT_VOLUME_CLAIMS, key, body, { fieldManager: FIELD_MANAGER, signal });
  } catch (error) {
    throw explainFailure(error, {
      what: `ask for Workspace ${namespace}/${workspace} back`,
      right: `the rights to patch persistentvolumeclaims and to restore workspaces in namespace "${namespace}"`,
      whenMissing: 'its volume was erased just now',
    });
  }
}

function conclusion({ volume, outcome, ...standing }: RestoreResult, flags: RestoreFlags): string {
  const { namespace, workspace, claim } = volume;
  const name = `Workspace ${namespace}/${workspace}`;
  const status = `kubectl molecule status ws/${workspace} ${clusterWords(flags, namespace)}`;
  switch (outcome) {
    case 'Requested':
      return `${name} is asked back with its volume ${claim}; see what comes of it: ${status}`;
    case 'Ready':
      return `${name} is back with its data: ${explain(standing)}`;
    case 'Refused':
      return `${name} is not brought back: ${explain(standing)}`;
    case 'Failed':
      return `${name} is not ready: ${explain(standing)}; see more: ${status}`;
    case 'TimedOut':
      return `${name} is not ready after ${flags.timeout / 1000} s: ${explain(standing)}; see more: ${status}`;
    default:
      return outcome satisfies never;
  }
}
