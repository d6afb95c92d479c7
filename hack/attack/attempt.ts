import type { RunResult } from '../lib/run.ts';
import type { Scene } from './scene.ts';

/** Who attacks, each with credentials of its own. */
export const IDENTITIES = ['admin', 'editor', 'approver', 'agent', 'nobody'] as const;
export type Identity = (typeof IDENTITIES)[number];

/**
 * What the end of an attempt is called. Every one of them but `possible` says that nothing was lost; who refused is part of it,
 * because a refusal for another reason than the one that protects proves nothing.
 */
export type Verdict =
  | 'refused by rights'
  | 'refused by policy'
  | 'refused by schema'
  | 'refused by the api'
  /** Taken, and the object waits for a human while its agent runs on. */
  | 'held'
  /** Taken, and without any effect on what it was aimed at. */
  | 'harmless'
  /** By design, for an administrator of the cluster alone; see `detected`. */
  | 'possible';

/** One way to destroy something without an approval. */
export interface Attempt {
  /** Groups the table; `--only` selects by it. */
  readonly route: string;
  /** What is done, in a sentence. */
  readonly attempt: string;
  readonly identity: Identity;
  readonly expected: Verdict;
  /** Org of the victim: how it answers a DELETE. @default Hold */
  readonly mode?: 'Hold' | 'Refuse';
  /** Does it. The answer to the request that matters, or what came of it where no single answer tells. */
  readonly run: (scene: Scene) => Promise<RunResult | Verdict>;
}

/** What came of an attempt. */
export interface Result extends Pick<Attempt, 'route' | 'attempt' | 'identity' | 'expected'> {
  /** A verdict, or what was lost or not understood. */
  readonly got: string;
  /** The words in which the apiserver refused. */
  readonly answer: string;
  readonly isAsExpected: boolean;
}

/** Whose refusal an answer of kubectl is; undefined for one that is none, such as a misspelt command. */
export function refusalOf({ code, stderr }: RunResult): Verdict | undefined {
  // What was taken may have been warned about, in words of the same policies.
  if (code === 0) return undefined;
  if (/ValidatingAdmissionPolicy '[^']*moleculesai\.app'/.test(stderr)) return 'refused by policy';
  if (/is forbidden: User "|cannot impersonate|is not allowed to/.test(stderr)) return 'refused by rights';
  if (/ is invalid: /.test(stderr)) return 'refused by schema';
  if (/\(Conflict\)|\(MethodNotAllowed\)|\(NotFound\)|\(BadRequest\)|\(Forbidden\)/.test(stderr))
    return 'refused by the api';
  return undefined;
}
