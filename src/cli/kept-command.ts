import { WORKSPACES } from '../apis/v1alpha1/resources.ts';
import type { TemplateAsset } from '../apis/v1alpha1/types.generated.ts';
import { decodeKeptList } from '../assets/kept-version.ts';
import { createReader } from '../platform/sealed.ts';
import { compareVersions } from './assets/diff-versions.ts';
import { readAgentPod } from './assets/read-agent-pod.ts';
import { readFacts } from './assets/read-facts.ts';
import { renderDiff } from './assets/render-diff.ts';
import { runOnVolume, type VolumeTask } from './assets/run-on-volume.ts';
import type { AssetsFlags } from './assets-command.ts';
import type { CommandContext } from './command-context.ts';
import type { ObjectReference } from './object-reference.ts';
import { CLI_API_VERSION, printStructured } from './print-structured.ts';
import { createProgress } from './progress.ts';
import { foundValue } from './read-object.ts';
import { styleOf } from './style.ts';
import { printable } from './text.ts';
import { readDeadline, withCluster } from './with-cluster.ts';

/** `--diff`: what runs moved aside on the volume, against what lies in its place now. */
export async function diffAssets(
  reference: ObjectReference,
  flags: AssetsFlags,
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  // What users wrote passes through the log of a container, where collectors of the cluster may pick it up.
  const reader = createReader();
  const { key, printed } = await onVolume(
    { reference, flags, context },
    {
      args: ['--kept', `--seal-for=${reader.address}`],
      isReadOnly: true,
    },
  );
  const { versions, omitted } = decodeKeptList(reader.open(String(printed)).toString('utf8'));
  const object = { kind: WORKSPACES.kind, ...key };
  const items = compareVersions({ versions });
  const list = { apiVersion: CLI_API_VERSION, kind: 'KeptVersionList', object, items, omitted } as const;
  if (flags.output === 'json' || flags.output === 'yaml') return printStructured(list, flags.output, io.stdout);
  const style = styleOf(io.stdout, { env: io.env, isColorWanted: flags.color });
  io.stdout.write(
    renderDiff(list, style)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

export interface RestorePathFlags extends AssetsFlags {
  readonly restore: string;
}

/** What -o json and -o yaml print. */
interface AssetRestoreResult {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'AssetRestoreResult';
  readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly path: string;
  /** False: what was kept lay there already. */
  readonly isChanged: boolean;
}

/** `--restore PATH`: a copy of what was moved aside goes back to where the agent finds it, until the next restart heals it. */
export async function restoreAsset(
  reference: ObjectReference,
  flags: RestorePathFlags,
  context: CommandContext,
): Promise<void> {
  const { io } = context;
  const { restore: path } = flags;
  const { key, printed, template } = await onVolume(
    { reference, flags, context },
    {
      args: [`--put-back=${path}`],
      isReadOnly: false,
    },
  );
  const isChanged =
    typeof printed === 'object' && printed !== null && 'isChanged' in printed && printed.isChanged === true;
  const object = { kind: WORKSPACES.kind, ...key };
  const result: AssetRestoreResult = {
    apiVersion: CLI_API_VERSION,
    kind: 'AssetRestoreResult',
    object,
    path,
    isChanged,
  };
  if (flags.output === 'json' || flags.output === 'yaml') return printStructured(result, flags.output, io.stdout);
  io.stdout.write(
    `${printable(path)} of Workspace ${key.namespace}/${key.name} is ${isChanged ? 'now' : 'already'} what was kept of it. ` +
      `The next restart of the agent puts the template's version back; to keep this one, commit it to ${placeOf(template, path)}\n`,
  );
}

interface Question {
  readonly reference: ObjectReference;
  readonly flags: AssetsFlags;
  readonly context: CommandContext;
}

interface Answer {
  readonly key: { readonly namespace: string; readonly name: string };
  readonly printed: unknown;
  readonly template: TemplateAsset | undefined;
}

async function onVolume(
  { reference, flags, context }: Question,
  { args, isReadOnly }: Pick<VolumeTask, 'args' | 'isReadOnly'>,
): Promise<Answer> {
  const { io, signal } = context;
  return withCluster(flags, context, async ({ client, namespace: ownNamespace }) => {
    const key = { namespace: flags.namespace ?? ownNamespace, name: reference.name };
    const facts = await readFacts(client, { reference, namespace: key.namespace, signal: readDeadline(signal) });
    const agent = await readAgentPod(client, {
      facts,
      namespace: key.namespace,
      flags,
      signal: readDeadline(signal),
    });
    const progress = createProgress(io, flags.color);
    const task = { agent, claimName: facts.volume.name, args, isReadOnly, progress, signal };
    const printed = await runOnVolume(client, task).finally(() => progress.stop());
    const template = facts.template === undefined ? undefined : foundValue(facts.template.found);
    return { key, printed, template };
  });
}

function placeOf(template: TemplateAsset | undefined, path: string): string {
  const { source } = template?.spec ?? {};
  if (source === undefined) return `the source of the template as ${path}`;
  const { forge, baseURL = forge, owner, repo, ref, subPath } = source;
  return `${baseURL}/${owner}/${repo} at ${ref}, as ${subPath === undefined ? path : `${subPath}/${path}`}`;
}
