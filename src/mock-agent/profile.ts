import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { coerceError } from '../platform/errors.ts';
import { parseFrontMatter } from './front-matter.ts';

/** What an agent finds out about itself in its assets. */
export interface AgentProfile {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** In the order of their ids. */
  readonly skills: readonly Skill[];
}

export interface Skill {
  /** Name of its folder. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** The assets do not make an agent: missing, broken, or a stub. The message says which file and why. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
}

const Config = z.object({
  name: z.string().trim().min(1),
  description: z.string().trim().default(''),
  version: z.string().trim().min(1).default('1.0.0'),
});

const SkillHead = z.object({ name: z.string().trim().min(1), description: z.string().trim().min(1) });

/** Reads config.yaml and agent-skills/<id>/SKILL.md. A folder without SKILL.md is not a skill. */
export async function readProfile(configs: string): Promise<AgentProfile> {
  const file = join(configs, 'config.yaml');
  const text = await readOptional(file);
  if (text === undefined) throw new ProfileError(`Cannot use ${file}: it does not exist`);
  const config = decode({ file, schema: Config }, () => parse(text));
  return { ...config, skills: await readSkills(join(configs, 'agent-skills')) };
}

async function readSkills(directory: string): Promise<readonly Skill[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(absent<[]>([]));
  const ids = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const skills = await Promise.all(ids.sort().map((id) => readSkill(directory, id)));
  return skills.filter((skill) => skill !== undefined);
}

async function readSkill(directory: string, id: string): Promise<Skill | undefined> {
  const file = join(directory, id, 'SKILL.md');
  const text = await readOptional(file);
  if (text === undefined) return undefined;
  return { id, ...decode({ file, schema: SkillHead }, () => parseFrontMatter(text)) };
}

function decode<T>(target: { readonly file: string; readonly schema: z.ZodType<T> }, read: () => unknown): T {
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    throw new ProfileError(`Cannot use ${target.file}: ${firstLine(coerceError(error).message)}`, { cause: error });
  }
  const parsed = target.schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => [...issue.path, issue.message].join(': '));
  throw new ProfileError(`Cannot use ${target.file}: ${faults.join('; ')}`);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

async function readOptional(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(absent(undefined));
}

/** For a rejection handler: a file or folder that is not there has this value; every other error is thrown again. */
function absent<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
}
