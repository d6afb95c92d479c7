import { APPROVAL_REQUESTS } from '../../src/apis/v1alpha1/resources.ts';
import type { ApprovalRequest } from '../../src/apis/v1alpha1/types.generated.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import type { RunResult } from '../lib/run.ts';
import { waitFor } from '../lib/wait.ts';
import type { Arena } from './arena.ts';
import type { Identity, Verdict } from './attempt.ts';
import { observe, type Tenant, VICTIM } from './tenant.ts';

const TIMEOUT_MS = 20_000;

/** One attempt's stage: a victim of its own, and everybody's hands. */
export interface Scene extends Arena {
  readonly tenant: Tenant;
  /** kubectl of the identity that attacks, in the victim's namespace. */
  readonly run: (args: readonly string[], input?: object) => Promise<RunResult>;
  /** kubectl of somebody else, in the victim's namespace. */
  readonly as: (identity: Identity, args: readonly string[], input?: object) => Promise<RunResult>;
}

/** Waits for something that has to come, as long as it takes the slowest of our controllers. */
export function until<T>(scene: Scene, what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  return waitFor(ask, { what, timeoutMs: TIMEOUT_MS, signal: scene.signal });
}

/** Requests of the victim's namespace. */
export async function requestsOf({ client, tenant, signal }: Scene): Promise<readonly ApprovalRequest[]> {
  const { namespace } = tenant;
  return (await client.list<ApprovalRequest & KubeObject>(APPROVAL_REQUESTS, { namespace, signal })).items;
}

/** Deletes as the editor does, and returns the request that a human is to decide. */
export async function pending(scene: Scene, object = `workspace/${VICTIM.agent}`): Promise<ApprovalRequest> {
  await mustAs(scene, 'editor', ['delete', object, '--wait=false']);
  return openRequest(scene, object.slice(object.indexOf('/') + 1));
}

/** The request on a target of this name that waits to be decided. */
export function openRequest(scene: Scene, name: string): Promise<ApprovalRequest> {
  return until(scene, `a request for ${name}`, async () =>
    (await requestsOf(scene)).find(
      ({ spec, status }) =>
        spec.target.name === name &&
        spec.hash !== undefined &&
        spec.decision === undefined &&
        status?.phase === 'Pending',
    ),
  );
}

/** A request by its name, as it is now. */
export async function readRequest(scene: Scene, name: string): Promise<ApprovalRequest | undefined> {
  return (await requestsOf(scene)).find(({ metadata }) => metadata.name === name);
}

export async function waitForPhase(scene: Scene, request: ApprovalRequest, phases: readonly string[]): Promise<string> {
  return until(scene, `request ${request.metadata.name} be ${phases.join(' or ')}`, async () => {
    const phase = (await readRequest(scene, request.metadata.name))?.status?.phase;
    return phase !== undefined && phases.includes(phase) ? phase : undefined;
  });
}

/** The patch that decides a request. */
export function decision(
  request: ApprovalRequest,
  options: { readonly by: string; readonly verdict?: 'Approved' | 'Denied'; readonly hash?: string },
): readonly string[] {
  const { by, verdict = 'Approved', hash = request.spec.hash } = options;
  const patch = JSON.stringify({ spec: { decision: { verdict, hash, by } } });
  return ['patch', 'approvalrequest', request.metadata.name, '--type=merge', '-p', patch];
}

/** Does as somebody else what has to succeed for the attempt to mean anything. */
export async function mustAs(scene: Scene, identity: Identity, args: readonly string[], input?: object): Promise<void> {
  const { code, stderr } = await scene.as(identity, args, input);
  if (code !== 0) throw new Error(`Cannot set the stage: kubectl ${args.join(' ')}: ${stderr.trim()}`);
}

/** From now on this is what must stay: for attempts on what an approved operation left or what was made after it. */
export async function rebase({ client, tenant, signal }: Scene): Promise<void> {
  tenant.present = await observe(client, tenant.namespace, signal);
}

/** Whether what had to happen happened; the text says what else did. */
export function judge(isAsItShould: boolean, verdict: Verdict, otherwise: string): Verdict {
  if (isAsItShould) return verdict;
  throw new Error(otherwise);
}
