import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../io.ts';
import { printable } from '../text.ts';
import { createClusterNames } from './cluster-names.ts';
import { complete } from './complete.ts';
import { DIRECTIVES } from './scripts.ts';

/** Answers a shell, in the form that kubectl expects of plugins: a candidate per line, with a tab before its description. */
export async function answerShell(
  program: Command,
  words: readonly string[],
  context: CommandContext,
): Promise<number> {
  const completion = await complete(program, words, createClusterNames(context));
  const isFiles = completion.kind === 'files';
  const lines = isFiles
    ? []
    : completion.candidates.map(({ value, description = '' }) =>
        [value, printable(description)].filter(Boolean).join('\t'),
      );
  context.io.stdout.write([...lines, isFiles ? DIRECTIVES.files : DIRECTIVES.noFiles, ''].join('\n'));
  return EXIT.ok;
}
