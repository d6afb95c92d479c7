import { Command, Option } from 'commander';
import type { Connect } from './connect.ts';
import type { CommandIO } from './io.ts';
import { captureOutput, runCommand } from './run-command.ts';
import type { TreeFlags } from './tree-command.ts';

export interface MoleculeOptions {
  readonly io: CommandIO;
  readonly connect: Connect;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** The kubectl plugin. Each command loads its own code, so that help comes at once. */
export async function runMolecule(argv: readonly string[], options: MoleculeOptions): Promise<number> {
  const program = captureOutput(new Command('kubectl molecule'), options.io)
    .description('Shows and works with the orgs of AI agents in a cluster.')
    .addHelpText('after', EXIT_CODES);
  program
    .command('tree')
    .description('show the Orgs with their agents: who reports to whom, whether they are ready, and if not, why')
    .option('-n, --namespace <name>', "namespace of the Org (default: the context's)")
    .addOption(new Option('-A, --all-namespaces', 'the Orgs of all namespaces').conflicts('namespace'))
    .option('--context <name>', 'context of the kubeconfig (default: the current one)')
    .option('--kubeconfig <file>', 'kubeconfig to use (default: KUBECONFIG, else ~/.kube/config)')
    .addOption(
      new Option('-o, --output <format>', 'json and yaml keep their structure over releases')
        .choices(['table', 'wide', 'json', 'yaml'])
        .default('table'),
    )
    .option('--no-color', 'no colour, as with the variable NO_COLOR')
    .addHelpText('after', TREE_HELP)
    .action(async (flags: TreeFlags) => {
      const { showTree } = await import('./tree-command.ts');
      await showTree(flags, options);
    });
  return runCommand(program, argv, options.io);
}

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage`;

const TREE_HELP = `
Examples:
  kubectl molecule tree
  kubectl molecule tree -n acme -o wide
  kubectl molecule tree -A -o json | jq '.items[].root.state'

States:
  Ready        works on the files its template says
  Progressing  is being changed
  Waiting      waits for something outside; the message says for what
  Failed       only a changed object helps; the message says what to change
  Deleting, Suspended, Missing, Unknown
${EXIT_CODES}; 0 also when agents are not ready`;
