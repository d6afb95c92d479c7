import { type Command, InvalidArgumentError, Option } from 'commander';
import { TEMPLATE_ASSETS, WORKSPACES } from '../apis/v1alpha1/resources.ts';
import { findPathFault } from '../rules/asset-path.ts';
import { objectArgument, timeoutOption } from './arguments.ts';
import type { AssetsFlags } from './assets-command.ts';
import type { CommandContext } from './command-context.ts';
import { HELP } from './help.ts';
import { KEPT_OPTION, type ObjectReference, REVISION_OPTION } from './object-reference.ts';
import { addCommonOptions, TABLE_FORMATS, TEXT_FORMATS } from './options.ts';
import type { RollbackFlags } from './rollback-command.ts';

export function addAssets(program: Command, context: CommandContext): void {
  const assets = addCommonOptions(program.command('assets'), { formats: TABLE_FORMATS })
    .description('show how the files of a template came to an agent, and what became of edits on its volume')
    .addArgument(objectArgument('ws/NAME or NAME, a Workspace'))
    .option('--diff', 'compare what was moved aside with what lies in its place now (starts a Pod for it)')
    .addOption(
      new Option(`${KEPT_OPTION} <path>`, 'put what was moved aside from this path back (starts a Pod for it)')
        .argParser(parsePath)
        .conflicts('diff'),
    )
    .addHelpText('after', HELP.assets);
  assets.action(
    async (
      reference: ObjectReference,
      { diff, restore, ...flags }: AssetsFlags & { readonly diff?: boolean; readonly restore?: string },
    ) => {
      if (reference.resource !== WORKSPACES) return assets.error('error: name a Workspace as ws/NAME');
      if (restore === undefined && diff !== true) {
        const { showAssets } = await import('./assets-command.ts');
        return showAssets(reference, flags, context);
      }
      const { diffAssets, restoreAsset } = await import('./kept-command.ts');
      if (restore === undefined) return diffAssets(reference, flags, context);
      return restoreAsset(reference, { ...flags, restore }, context);
    },
  );
}

export function addRollback(program: Command, context: CommandContext): void {
  const rollback = addCommonOptions(program.command('rollback'), { formats: TEXT_FORMATS })
    .description('let a TemplateAsset deliver a revision that it delivered before, and pin it there')
    .addArgument(objectArgument('ta/NAME, a TemplateAsset'))
    .requiredOption(
      `${REVISION_OPTION} <revision>`,
      'a commit, its beginning where the history has it, or previous for the one before the present',
    )
    .option(
      '--wait',
      'wait until the operator is done and the revision is the one that agents get, or cannot become it',
    )
    .addOption(timeoutOption('5m'))
    .addHelpText('after', HELP.rollback);
  rollback.action(async (reference: ObjectReference, flags: RollbackFlags) => {
    if (reference.resource !== TEMPLATE_ASSETS) return rollback.error('error: name a TemplateAsset as ta/NAME');
    const { rollBack } = await import('./rollback-command.ts');
    return rollBack(reference, flags, context);
  });
}

/** One that no template can have was never moved aside. */
function parsePath(path: string): string {
  if (findPathFault(path) === undefined) return path;
  throw new InvalidArgumentError('Write the path as assets lists it, below /configs, such as prompts/system.md.');
}
