import { type Command, InvalidArgumentError, Option } from 'commander';
import { isLabel } from './object-reference.ts';

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
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
            3 is kept for what waits for a human's decision.`;

export interface CommonOptions {
  /** The first one is the default. */
  readonly formats: readonly string[];
  /** What the option -n is for. */
  readonly namespace?: string;
}

/** Adds the options that every command has. */
export function addCommonOptions(command: Command, { formats, namespace }: CommonOptions): Command {
  return command
    .addOption(
      new Option('-n, --namespace <name>', namespace ?? "namespace to look at (default: the context's)").argParser(
        parseNamespace,
      ),
    )
    .option('--context <name>', 'context of the kubeconfig (default: the current one)')
    .option('--kubeconfig <file>', 'kubeconfig to use (default: KUBECONFIG, else ~/.kube/config)')
    .addOption(
      new Option('-o, --output <format>', 'json and yaml keep their structure over releases')
        .choices(formats)
        .default(formats[0]),
    )
    .option('--no-color', 'no colour, as with the variable NO_COLOR');
}

function parseNamespace(text: string): string {
  if (isLabel(text)) return text;
  throw new InvalidArgumentError(
    'A namespace has at most 63 lower-case letters, digits and "-", and begins and ends with a letter or digit.',
  );
}
