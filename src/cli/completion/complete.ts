import type { Command, Option } from 'commander';
import { OBJECT_ARGUMENT, REQUEST_ARGUMENT } from '../object-reference.ts';

/** What may stand in one place of a command line. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** Where names come from; asked only when they may stand in the place. */
export interface NameSource {
  namespaces(where: Where): Promise<readonly Candidate[]>;
  /** Objects of ours, as commands take them. */
  objects(where: Where): Promise<readonly Candidate[]>;
  /** ApprovalRequests that a human can decide. */
  requests(where: Where): Promise<readonly Candidate[]>;
}

/** Values of the options that say which cluster and namespace. */
export type Where = Readonly<Record<string, string>>;

export type Completion =
  | { readonly kind: 'candidates'; readonly candidates: readonly Candidate[] }
  /** The shell knows best. */
  | { readonly kind: 'files' };

/** What the last of the words may become; the other words stand before it. */
export async function complete(program: Command, words: readonly string[], names: NameSource): Promise<Completion> {
  const current = words.at(-1) ?? '';
  const { command, where, argumentCount, pending } = walk(program, words.slice(0, -1));
  if (pending !== undefined) return completeValue(pending, { current, where, names });
  const assigned = /^(--[^=]+)=(.*)$/.exec(current);
  if (assigned !== null) {
    const option = findOption(command, assigned[1] ?? '');
    if (option === undefined) return candidates([], current);
    const completion = await completeValue(option, { current: assigned[2] ?? '', where, names });
    if (completion.kind === 'files') return completion;
    const prefixed = completion.candidates.map((candidate) => ({
      ...candidate,
      value: `${assigned[1]}=${candidate.value}`,
    }));
    return candidates(prefixed, current);
  }
  if (current.startsWith('-')) return candidates(optionsOf(command).flatMap(optionCandidates), current);
  const subcommands = command.createHelp().visibleCommands(command);
  if (command.commands.length > 0) {
    const known = subcommands.map((sub) => ({ value: sub.name(), description: sub.description() }));
    return candidates(known, current);
  }
  const argument = command.registeredArguments[argumentCount];
  if (argument?.name() === OBJECT_ARGUMENT) return candidates(await names.objects(where), current);
  if (argument?.name() === REQUEST_ARGUMENT) return candidates(await names.requests(where), current);
  return candidates(
    (argument?.argChoices ?? []).map((value) => ({ value })),
    current,
  );
}

interface Walked {
  readonly command: Command;
  readonly where: Where;
  readonly argumentCount: number;
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
}

function walk(program: Command, words: readonly string[]): Walked {
  let command = program;
  let pending: Option | undefined;
  let argumentCount = 0;
  const where: Record<string, string> = {};
  for (const word of words) {
    const [flag = '', ...assigned] = word.split('=');
    if (pending !== undefined) {
      where[pending.attributeName()] = word;
      pending = undefined;
    } else if (word.startsWith('-')) {
      const option = findOption(command, flag);
      if (option?.required === true && assigned.length === 0) pending = option;
      else if (option?.required === true) where[option.attributeName()] = assigned.join('=');
    } else {
      const sub = command.commands.find((candidate) => candidate.name() === word);
      if (sub === undefined) argumentCount += 1;
      else command = sub;
    }
  }
  return { command, where, argumentCount, pending };
}

async function completeValue(
  option: Option,
  { current, where, names }: { readonly current: string; readonly where: Where; readonly names: NameSource },
): Promise<Completion> {
  if (option.long === '--namespace') return candidates(await names.namespaces(where), current);
  if (option.long === '--kubeconfig') return { kind: 'files' };
  return candidates(
    (option.argChoices ?? []).map((value) => ({ value })),
    current,
  );
}

function findOption(command: Command, flag: string): Option | undefined {
  return command.options.find(({ short, long }) => short === flag || long === flag);
}

function optionsOf(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

function optionCandidates({ long, description }: Option): readonly Candidate[] {
  return long === undefined || long === null ? [] : [{ value: long, description }];
}

function candidates(all: readonly Candidate[], current: string): Completion {
  return { kind: 'candidates', candidates: all.filter(({ value }) => value.startsWith(current)) };
}
