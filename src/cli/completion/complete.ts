import type { Command, Option } from 'commander';
import { KEPT_OPTION, OBJECT_ARGUMENT, REQUEST_ARGUMENT, REVISION_OPTION } from '../object-reference.ts';

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
  /** Revisions that a TemplateAsset can be rolled back to. */
  revisions(where: Where, object: string): Promise<readonly Candidate[]>;
  /** Paths of a Workspace of which something was moved aside. */
  keptPaths(where: Where, object: string): Promise<readonly Candidate[]>;
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
  const { command, where, given, pending } = walk(program, words.slice(0, -1));
  const [object = ''] = given;
  if (pending !== undefined) return completeValue(pending, { current, where, names, object });
  const assigned = /^(--[^=]+)=(.*)$/.exec(current);
  if (assigned !== null) {
    const option = findOption(command, assigned[1] ?? '');
    if (option === undefined) return candidates([], current);
    const completion = await completeValue(option, { current: assigned[2] ?? '', where, names, object });
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
  const argument = command.registeredArguments[given.length];
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
  /** Arguments of the command that stand there already. */
  readonly given: readonly string[];
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
}

function walk(program: Command, words: readonly string[]): Walked {
  let command = program;
  let pending: Option | undefined;
  const given: string[] = [];
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
      if (sub === undefined) given.push(word);
      else command = sub;
    }
  }
  return { command, where, given, pending };
}

interface Place {
  readonly current: string;
  readonly where: Where;
  readonly names: NameSource;
  /** The first argument, where it stands before. */
  readonly object: string;
}

async function completeValue(option: Option, { current, where, names, object }: Place): Promise<Completion> {
  if (option.long === '--namespace') return candidates(await names.namespaces(where), current);
  if (option.long === REVISION_OPTION) return candidates(await names.revisions(where, object), current);
  if (option.long === KEPT_OPTION) return candidates(await names.keptPaths(where, object), current);
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
