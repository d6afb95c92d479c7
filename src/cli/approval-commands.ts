import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import type { DecideFlags, Verdict } from './approvals/decide-command.ts';
import { isHashPrefix, LEAST_CHARACTERS } from './approvals/hash-prefix.ts';
import type { ListFlags } from './approvals/list-command.ts';
import type { ShowFlags } from './approvals/show-command.ts';
import { objectArgument, timeoutOption } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import type { DeleteFlags } from './delete-command.ts';
import { HELP } from './help.ts';
import { isName, type ObjectReference, REQUEST_ARGUMENT } from './object-reference.ts';
import { addCommonOptions, TABLE_FORMATS, TEXT_FORMATS } from './options.ts';
import type { PlanFlags } from './plan-command.ts';

export function addApprovals(program: Command, context: CommandContext): void {
  const approvals = program
    .command('approvals')
    .description('look at deletions that wait for a human, and decide them')
    .addHelpText('after', HELP.approvals);
  addCommonOptions(approvals.command('list'), { formats: TABLE_FORMATS })
    .description('show what waits for a decision, and who asked for it')
    .addOption(new Option('-A, --all-namespaces', 'the requests of all namespaces').conflicts('namespace'))
    .option('--all', 'also those that came to their end')
    .addHelpText('after', HELP.approvals)
    .action(async (flags: ListFlags) => {
      const { listApprovals } = await import('./approvals/list-command.ts');
      await listApprovals(flags, context);
    });
  addCommonOptions(approvals.command('show'), { formats: TEXT_FORMATS })
    .description('show what exactly would be lost, from the record that is approved, and how to decide')
    .addArgument(requestArgument())
    .addHelpText('after', HELP.approvals)
    .action(async (name: string, flags: ShowFlags) => {
      const { showApproval } = await import('./approvals/show-command.ts');
      await showApproval(name, flags, context);
    });
  addDecision(approvals, context, 'Approved')
    .description('let exactly this operation happen, once')
    .addOption(
      new Option(
        '--hash <hash>',
        `the hash that approvals show printed, or its first ${LEAST_CHARACTERS} characters or more; asked for on a terminal`,
      ).argParser(parseHash),
    );
  addDecision(approvals, context, 'Denied').description('bring the object back as it was');
}

export function addDelete(program: Command, context: CommandContext): void {
  addCommonOptions(program.command('delete'), { formats: TEXT_FORMATS })
    .description('ask for the approval of a deletion and, once a human has given it, delete')
    .addArgument(objectArgument())
    .requiredOption('--reason <text>', 'why, for whoever decides')
    .option('--wait', 'wait for the decision, then delete, and wait until the object is gone')
    .addOption(timeoutOption('1h'))
    .addHelpText('after', HELP.delete)
    .action(async (reference: ObjectReference, flags: DeleteFlags) => {
      const { deleteObject } = await import('./delete-command.ts');
      await deleteObject(reference, flags, context);
    });
}

export function addPlan(program: Command, context: CommandContext): void {
  const plan = program.command('plan').description('show what an operation would do, and do nothing');
  addCommonOptions(plan.command('delete'), { formats: TEXT_FORMATS })
    .description('show what a deletion would destroy, what would be kept, and how it would go')
    .addArgument(objectArgument())
    .addHelpText('after', HELP.plan)
    .action(async (reference: ObjectReference, flags: PlanFlags) => {
      const { planDeletion } = await import('./plan-command.ts');
      await planDeletion(reference, flags, context);
    });
}

function addDecision(approvals: Command, context: CommandContext, verdict: Verdict): Command {
  const word = verdict === 'Approved' ? 'approve' : 'deny';
  return addCommonOptions(approvals.command(word), { formats: TEXT_FORMATS })
    .addArgument(requestArgument())
    .option('--reason <text>', 'why, for whoever asked')
    .addHelpText('after', HELP.approvals)
    .action(async (name: string, flags: DecideFlags, command: Command) => {
      const { stdin, stderr } = context.io;
      const isTerminal = stdin?.isTTY === true && stderr.isTTY === true;
      if (verdict === 'Approved' && flags.hash === undefined && !isTerminal) {
        const example = `--hash HASH, as "kubectl molecule approvals show ${name}" prints it`;
        command.error(`error: nobody can be asked here to confirm the hash; give ${example}`, { exitCode: 2 });
      }
      const { decideApproval } = await import('./approvals/decide-command.ts');
      await decideApproval({ name, verdict }, flags, context);
    });
}

function requestArgument(): Argument {
  return new Argument(`<${REQUEST_ARGUMENT}>`, 'name of an ApprovalRequest, as approvals list prints it').argParser(
    (text: string) => {
      if (isName(text)) return text;
      throw new InvalidArgumentError('Write the name of an ApprovalRequest, such as apr-0123456789abcdef0123.');
    },
  );
}

function parseHash(text: string): string {
  if (isHashPrefix(text)) return text;
  throw new InvalidArgumentError(
    `Write the hash, or at least its first ${LEAST_CHARACTERS} characters: 0 to 9 and a to f.`,
  );
}
