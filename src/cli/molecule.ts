import { Argument, Command, Option } from 'commander';
import { WORKSPACES } from '../apis/v1alpha1/resources.ts';
import { addApprovals, addDelete, addPlan } from './approval-commands.ts';
import { objectArgument, timeoutOption } from './arguments.ts';
import { addAssets, addRollback } from './asset-commands.ts';
import type { AuditFlags } from './audit-command.ts';
import type { CommandContext } from './command-context.ts';
import { ASK, SCRIPTS, type ScriptName } from './completion/scripts.ts';
import type { DoctorFlags } from './doctor-command.ts';
import { HELP } from './help.ts';
import type { ObjectReference } from './object-reference.ts';
import { addClusterOptions, addCommonOptions, EXIT_CODES, TABLE_FORMATS, TEXT_FORMATS } from './options.ts';
import type { RestoreFlags } from './restore-command.ts';
import { captureOutput, runCommand } from './run-command.ts';
import type { StatusFlags } from './status-command.ts';
import type { SyncFlags } from './sync-command.ts';
import type { TreeFlags } from './tree-command.ts';
import type { UninstallFlags } from './uninstall-command.ts';

/** The kubectl plugin. Each command loads its own code, so that help comes at once. */
export async function runMolecule(argv: readonly string[], context: CommandContext): Promise<number> {
  const program = captureOutput(new Command('kubectl molecule'), context.io)
    .description('Shows and works with the orgs of AI agents in a cluster.')
    .addHelpText('after', EXIT_CODES);
  addTree(program, context);
  addStatus(program, context);
  addSync(program, context);
  addAssets(program, context);
  addRollback(program, context);
  addApprovals(program, context);
  addDelete(program, context);
  addPlan(program, context);
  addRestore(program, context);
  addAudit(program, context);
  addDoctor(program, context);
  addUninstall(program, context);
  addCompletion(program, context);
  // The words that follow are another command line, which is not to be parsed as one of ours.
  if (argv[0] !== ASK) return runCommand(program, argv, context);
  const { answerShell } = await import('./completion/answer.ts');
  return answerShell(program, argv.slice(1), context);
}

function addTree(program: Command, context: CommandContext): void {
  addCommonOptions(program.command('tree'), { formats: TABLE_FORMATS })
    .description('show the Orgs with their agents: who reports to whom, whether they are ready, and if not, why')
    .addOption(new Option('-A, --all-namespaces', 'the Orgs of all namespaces').conflicts('namespace'))
    .addHelpText('after', HELP.tree)
    .action(async (flags: TreeFlags) => {
      const { showTree } = await import('./tree-command.ts');
      await showTree(flags, context);
    });
}

function addStatus(program: Command, context: CommandContext): void {
  addCommonOptions(program.command('status'), { formats: TABLE_FORMATS })
    .description('show what an object needs, link by link, which link is broken, and what to run next')
    .addArgument(objectArgument())
    .addHelpText('after', HELP.status)
    .action(async (reference: ObjectReference, flags: StatusFlags) => {
      const { showStatus } = await import('./status-command.ts');
      await showStatus(reference, flags, context);
    });
}

function addSync(program: Command, context: CommandContext): void {
  addCommonOptions(program.command('sync'), { formats: TEXT_FORMATS })
    .description(
      'ask the operator to look at an object now: at a source for a new revision, at an agent for what is wrong',
    )
    .addArgument(objectArgument())
    .option('--wait', 'wait until the operator is done and the object is ready, or cannot become it')
    .addOption(timeoutOption('5m'))
    .addHelpText('after', HELP.sync)
    .action(async (reference: ObjectReference, flags: SyncFlags) => {
      const { syncObject } = await import('./sync-command.ts');
      await syncObject(reference, flags, context);
    });
}

function addRestore(program: Command, context: CommandContext): void {
  const restore = addCommonOptions(program.command('restore'), { formats: TEXT_FORMATS })
    .description('bring a deleted Workspace back with its data, or list what is kept')
    .addArgument(objectArgument().argOptional())
    .option('--list', 'show the volumes that are kept, and until when')
    .addOption(new Option('-A, --all-namespaces', 'list those of all namespaces').conflicts('namespace'))
    .option('--incarnation <id>', 'which one, where several of the name are kept (default: the newest)')
    .option('--wait', 'wait until the Workspace is ready, or cannot become it')
    .addOption(timeoutOption('5m'))
    .addHelpText('after', HELP.restore);
  restore.action(
    async (reference: ObjectReference | undefined, { list, ...flags }: RestoreFlags & { readonly list?: boolean }) => {
      const { listKept, restoreWorkspace } = await import('./restore-command.ts');
      if (list === true && reference === undefined) return listKept(flags, context);
      if (list === true || flags.allNamespaces === true || reference?.resource !== WORKSPACES)
        return restore.error('error: name one Workspace as ws/NAME, or use --list alone or with -A');
      return restoreWorkspace(reference, flags, context);
    },
  );
}

function addAudit(program: Command, context: CommandContext): void {
  const audit = program.command('audit').description('look at the evidence of what was destroyed, and by whose leave');
  addCommonOptions(audit.command('verify'), { formats: TEXT_FORMATS })
    .description('compute the hash chain of the audit once more, and tell the first row that is not as it was written')
    .option('--url <url>', 'the ledger, postgres://USER:PASSWORD@HOST:PORT/DATABASE (default: LEDGER_URL)')
    .addHelpText('after', HELP.audit)
    .action(async (flags: AuditFlags) => {
      const { verifyLedgerAudit } = await import('./audit-command.ts');
      await verifyLedgerAudit(flags, context);
    });
}

function addDoctor(program: Command, context: CommandContext): void {
  const namespace = 'look at the Org and the TemplateAssets of this namespace alone (default: all)';
  addCommonOptions(program.command('doctor'), { formats: TABLE_FORMATS, namespace })
    .description('look at everything that agents need of the cluster and the operator, and say what to do')
    .addHelpText('after', HELP.doctor)
    .action(async (flags: DoctorFlags) => {
      const { examine } = await import('./doctor-command.ts');
      await examine(flags, context);
    });
}

function addUninstall(program: Command, context: CommandContext): void {
  addClusterOptions(program.command('uninstall'), { formats: TEXT_FORMATS })
    .description('take the operator out of the cluster; volumes and ledger stay (for administrators of the cluster)')
    .option('--keep-data', 'leave the volumes of all agents; needed, because only approvals erase data')
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--yes', 'do not ask')
    .addOption(timeoutOption('2m'))
    .addHelpText('after', HELP.uninstall)
    .action(async (flags: UninstallFlags) => {
      const { uninstall } = await import('./uninstall-command.ts');
      await uninstall(flags, context);
    });
}

function addCompletion(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .description('print the script that completes command lines')
    .addArgument(new Argument('<for>', 'who completes').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', HELP.completion)
    .action((name: ScriptName) => void context.io.stdout.write(SCRIPTS[name]));
}
