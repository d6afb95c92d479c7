import { type Command, InvalidArgumentError, Option } from 'commander';
import { isLabel } from './object-reference.ts';
import { shellWord } from './text.ts';

/** The options that every command of the plugin has, with kubectl's names and meanings. */
export interface ClusterFlags {
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly color: boolean;
}

export const TABLE_FORMATS = ['table', 'wide', 'json', 'yaml'] as const;
export const TEXT_FORMATS = ['text', 'json', 'yaml'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];
export type TextFormat = (typeof TEXT_FORMATS)[number];

export const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 waits for a human's decision, 130 interrupted.`;

export interface CommonOptions {
  /** The first one is the default. */
  readonly formats: readonly string[];
  /** What the option -n is for. */
  readonly namespace?: string;
}

/** Adds the options that every command on objects has. */
export function addCommonOptions(command: Command, { formats, namespace }: CommonOptions): Command {
  command.addOption(
    new Option('-n, --namespace <name>', namespace ?? "namespace to look at (default: the context's)").argParser(
      parseNamespace,
    ),
  );
  return addClusterOptions(command, { formats });
}

/** Adds the options that every command has, also one that is about the cluster as a whole. */
export function addClusterOptions(command: Command, { formats }: Pick<CommonOptions, 'formats'>): Command {
  return command
    .option('--context <name>', 'context of the kubeconfig (default: the current one)')
    .option('--kubeconfig <file>', 'kubeconfig to use (default: KUBECONFIG, else ~/.kube/config)')
    .addOption(
      new Option('-o, --output <format>', 'json and yaml keep their structure over releases')
        .choices(formats)
        .default(formats[0]),
    )
    .option('--no-color', 'no colour, as with the variable NO_COLOR');
}

/** The flags that name the same cluster, and the namespace, in a command line that is shown to a person. */
export function clusterWords(
  { context, kubeconfig }: Pick<ClusterFlags, 'context' | 'kubeconfig'>,
  namespace?: string,
): string {
  return [
    ...(namespace === undefined ? [] : ['-n', namespace]),
    ...(context === undefined ? [] : ['--context', shellWord(context)]),
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', shellWord(kubeconfig)]),
  ].join(' ');
}

function parseNamespace(text: string): string {
  if (isLabel(text)) return text;
  throw new InvalidArgumentError(
    'A namespace has at most 63 lower-case letters, digits and "-", and begins and ends with a letter or digit.',
  );
}
