import { ANNOTATIONS } from '../apis/v1alpha1/names.ts';
import { TEMPLATE_ASSETS } from '../apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../apis/v1alpha1/types.generated.ts';
import type { ObjectKey } from '../kube/objects.ts';
import { explainFailure, explainRefusal } from './cluster-failure.ts';
import type { CommandContext } from './command-context.ts';
import { type ClusterClient, FIELD_MANAGER } from './connect.ts';
import { formatReference, type ObjectReference } from './object-reference.ts';
import { type ClusterFlags, clusterWords, type TextFormat } from './options.ts';
import { CLI_API_VERSION, printStructured } from './print-structured.ts';
import { createProgress } from './progress.ts';
import { gitOpsOwner } from './rollback/gitops-owner.ts';
import { planRollback } from './rollback/plan-rollback.ts';
import { explain, type State } from './standing.ts';
import { type Ended, waitForPass } from './sync/wait-for-pass.ts';
import { shellWord } from './text.ts';
import { readDeadline, withCluster } from './with-cluster.ts';

export interface RollbackFlags extends ClusterFlags {
  readonly output: TextFormat;
  readonly to: string;
  readonly wait?: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/** What -o json and -o yaml print: members are added, never renamed or removed; null means not known. */
interface RollbackResult {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'RollbackResult';
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  /** spec.source.ref before and after. */
  readonly before: string;
  readonly after: string;
  /** Why it may not last, or not begin. */
  readonly warnings: readonly string[];
  /** Requested: not waited for. */
  readonly outcome: 'Requested' | Ended['outcome'];
  readonly state: State | null;
  readonly reason: string | null;
  readonly message: string | null;
}

/** `kubectl molecule rollback`: pins a TemplateAsset to a commit, and says how to go forward again. */
export async function rollBack(
  reference: ObjectReference,
  flags: RollbackFlags,
  context: CommandContext,
): Promise<void> {
  const { io, signal } = context;
  const result = await withCluster(flags, context, async ({ client, namespace }): Promise<RollbackResult> => {
    const key = { namespace: flags.namespace ?? namespace, name: reference.name };
    const deadline = readDeadline(signal);
    const asset = await readAsset(client, key, deadline);
    const plan = planRollback(asset, flags.to);
    if (plan.kind === 'refused')
      throw new Error(`Cannot roll TemplateAsset ${key.namespace}/${key.name} back: ${plan.message}`);
    const { before, after } = plan;
    const requestedAt = context.now().toISOString();
    await pin(client, { key, asset, after, requestedAt, signal: deadline });
    const object = { kind: reference.resource.kind, ...key };
    const warnings = warningsAbout(asset);
    const base = { apiVersion: CLI_API_VERSION, kind: 'RollbackResult', object, before, after, warnings } as const;
    if (flags.wait !== true) return { ...base, outcome: 'Requested', state: null, reason: null, message: null };
    const progress = createProgress(io, flags.color);
    const pass = { resource: TEMPLATE_ASSETS, key, requestedAt, timeoutMs: flags.timeout, progress, signal };
    const { outcome, standing } = await waitForPass(client, pass).finally(() => progress.stop());
    return { ...base, outcome, ...standing };
  });
  for (const warning of result.warnings) io.stderr.write(`Warning: ${warning}\n`);
  if (flags.output !== 'text') printStructured(result, flags.output, io.stdout);
  const sentence = conclusion(result, reference, flags);
  if (result.outcome === 'Failed' || result.outcome === 'TimedOut') throw new Error(sentence);
  if (flags.output === 'text') io.stdout.write(`${sentence}\n`);
}

async function readAsset(client: ClusterClient, key: ObjectKey, signal: AbortSignal): Promise<TemplateAsset> {
  const { kind, plural } = TEMPLATE_ASSETS;
  return client.get<TemplateAsset>(TEMPLATE_ASSETS, key, { signal }).catch((error: unknown) => {
    throw explainFailure(error, {
      what: `read ${kind} ${key.namespace}/${key.name}`,
      right: `the right to get ${plural} in namespace "${key.namespace}"`,
      whenMissing: `see what is there: kubectl get ${plural} -n ${key.namespace}`,
    });
  });
}

function warningsAbout({ metadata, spec }: TemplateAsset): readonly string[] {
  const owner = gitOpsOwner(metadata);
  return [
    ...(owner === undefined ? [] : [`${owner} manages this object and sets spec.source.ref back; change it there too`]),
    ...(spec.suspend === true ? ['It is suspended, so that nothing is fetched before spec.suspend is false'] : []),
    ...(spec.auth === 'disabled'
      ? ['spec.auth is disabled, so that nothing is fetched before it is something else']
      : []),
  ];
}

interface Pin {
  readonly key: ObjectKey;
  readonly asset: TemplateAsset;
  readonly after: string;
  readonly requestedAt: string;
  readonly signal: AbortSignal;
}

/** The uid is a precondition: who made it anew under its name meanwhile meant something else. */
async function pin(client: ClusterClient, { key, asset, after, requestedAt, signal }: Pin): Promise<void> {
  const annotations = { [ANNOTATIONS.requestedAt]: requestedAt };
  const body = { metadata: { uid: asset.metadata.uid, annotations }, spec: { source: { ref: after } } };
  try {
    await client.patch(TEMPLATE_ASSETS, key, body, { fieldManager: FIELD_MANAGER, signal });
  } catch (error) {
    throw explainRefusal(error, {
      what: `set spec.source.ref of TemplateAsset ${key.namespace}/${key.name}`,
      right: `the right to patch templateassets in namespace "${key.namespace}"`,
      whenMissing: 'it was deleted just now',
    });
  }
}

function conclusion(
  { object, before, after, outcome, ...standing }: RollbackResult,
  reference: ObjectReference,
  flags: RollbackFlags,
): string {
  const { namespace, name } = object;
  const where = clusterWords(flags, namespace);
  const subject = `TemplateAsset ${namespace}/${name}`;
  const patch = shellWord(JSON.stringify({ spec: { source: { ref: before } } }));
  const forward = `kubectl patch templateasset ${name} ${where} --type=merge -p ${patch}`;
  const status = `kubectl molecule status ${formatReference(reference)} ${where}`;
  const changed = before === after ? '' : `; spec.source.ref was ${before}; to follow that again: ${forward}`;
  switch (outcome) {
    case 'Requested':
      return `${subject} is set to ${after}${changed}; see what comes of it: ${status}`;
    case 'Done':
      return `${subject} delivers ${after}${changed}`;
    case 'Failed':
      return `${subject} is set to ${after} and does not deliver it: ${explain(standing)}${changed}; see more: ${status}`;
    case 'TimedOut':
      return `${subject} is set to ${after} and does not deliver it after ${flags.timeout / 1000} s: ${explain(standing)}${changed}; see more: ${status}`;
    default:
      return outcome satisfies never;
  }
}
