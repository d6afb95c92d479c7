import { randomBytes } from 'node:crypto';
import { PODS } from '../../apis/v1alpha1/resources.ts';
import { ApiError } from '../../kube/errors.ts';
import type { KubeObject, ObjectKey } from '../../kube/objects.ts';
import { objectPath } from '../../kube/paths.ts';
import { coerceError } from '../../platform/errors.ts';
import { explainFailure } from '../cluster-failure.ts';
import { type ClusterClient, FIELD_MANAGER } from '../connect.ts';
import type { Progress } from '../progress.ts';
import { watchObject } from '../sync/watch-object.ts';
import { type AgentPod, HELPER_SECONDS, helperPod } from './helper-pod.ts';

export interface VolumeTask {
  readonly agent: AgentPod;
  readonly claimName: string;
  /** For the program beside the target. */
  readonly args: readonly string[];
  readonly isReadOnly: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Twice what the program may print (kept-versions.ts). */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const START_TIMEOUT_MS = (HELPER_SECONDS + 10) * 1000;
const DELETE_TIMEOUT_MS = 10_000;
const USAGE = 2;

/** What a kubelet says of a container that will not start by being waited for. */
const HOPELESS = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'RunContainerError',
]);

/**
 * Runs our program beside an agent, on its volume, and returns the JSON that it prints. The Pod is deleted whatever happens, also
 * after an interruption; where even that fails it ends by itself.
 * @throws with what a person can do about it
 */
export async function runOnVolume(client: ClusterClient, task: VolumeTask): Promise<unknown> {
  const { agent, progress, signal } = task;
  const pod = helperPod(agent, { ...task, suffix: randomBytes(4).toString('hex') });
  const namespace = agent.metadata.namespace ?? '';
  if (pod === undefined)
    throw new Error(
      `Cannot look at the volume: Pod ${namespace}/${agent.metadata.name} has no init container of ours, because no template is delivered to it`,
    );
  const key = { namespace, name: pod.metadata.name };
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  const either = AbortSignal.any([signal, timeout]);
  let isRefused = false;
  try {
    await client.create(PODS, pod, { fieldManager: FIELD_MANAGER, signal: either }).catch((error: unknown) => {
      isRefused = error instanceof ApiError;
      throw explainCreation(error, namespace);
    });
    await waitForEnd(client, { key, progress, signal: either });
    const log = objectPath(PODS, key, { subresource: 'log' });
    return await client.read(log, { signal: either, maxBytes: MAX_LOG_BYTES }).catch((error: unknown) => {
      const right = `the right to get pods/log in namespace "${namespace}"`;
      throw explainFailure(error, { what: 'read what was found on the volume', right });
    });
  } catch (error) {
    if (signal.aborted || !timeout.aborted) throw error;
    throw new Error(
      `Cannot look at the volume: Pod ${namespace}/${key.name} did not end within ${START_TIMEOUT_MS / 1000} s`,
      {
        cause: error,
      },
    );
  } finally {
    if (!isRefused) await remove(client, key, progress);
  }
}

function explainCreation(error: unknown, namespace: string): Error {
  return explainFailure(error, {
    what: "start a Pod beside the agent, to look at the agent's volume",
    right: `the right to create pods in namespace "${namespace}", or for an exception from the quota or policy that is named`,
    whenMissing: `namespace "${namespace}" is gone`,
  });
}

interface HelperStatus extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly containerStatuses?: readonly {
      readonly state?: {
        readonly waiting?: { readonly reason?: string; readonly message?: string };
        readonly terminated?: { readonly exitCode?: number; readonly message?: string };
      };
    }[];
  };
}

interface Waiting {
  readonly key: ObjectKey;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

async function waitForEnd(client: ClusterClient, { key, progress, signal }: Waiting): Promise<void> {
  progress.report(`Waiting for Pod ${key.name}, which looks at the volume`);
  for await (const pod of watchObject<HelperStatus>(client, { resource: PODS, key, signal })) {
    if (pod === undefined) throw new Error(`Cannot look at the volume: somebody deleted Pod ${key.name}; try again`);
    const { phase, reason, message, containerStatuses } = pod.status ?? {};
    if (phase === 'Succeeded') return;
    const { waiting, terminated } = containerStatuses?.[0]?.state ?? {};
    if (phase === 'Failed') throw explainEnd({ reason, message, ...terminated });
    if (waiting?.reason !== undefined && HOPELESS.has(waiting.reason))
      throw new Error(
        `Cannot look at the volume: Pod ${key.name} does not start: ${waiting.reason}: ${waiting.message ?? ''}`,
      );
  }
}

interface End {
  readonly exitCode?: number | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

/** The program's own words, where it came to say any. */
function explainEnd({ exitCode, reason, message = '' }: End): Error {
  if (exitCode === USAGE)
    return new Error(
      "Cannot look at the volume: the agent's Pod is of a release whose program cannot do that; restart the agent by deleting its Pod",
    );
  if (exitCode !== undefined && message !== '') return new Error(message.trim());
  return new Error(`Cannot look at the volume: the Pod for it failed: ${[reason, message].filter(Boolean).join(': ')}`);
}

async function remove(client: ClusterClient, key: ObjectKey, progress: Progress): Promise<void> {
  try {
    await client.delete(PODS, key, { gracePeriodSeconds: 0, signal: AbortSignal.timeout(DELETE_TIMEOUT_MS) });
  } catch (error) {
    const why = coerceError(error).message;
    progress.report(
      `Cannot delete Pod ${key.namespace}/${key.name}: ${why}; it ends by itself within ${HELPER_SECONDS} s`,
    );
  }
}
