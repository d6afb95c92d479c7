import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runOrThrow } from '../lib/run.ts';
import { basicAuthorization, ensureRepository } from './api.ts';
import type { ForgeAccess } from './start.ts';

const BRANCH = 'refs/heads/main';

/** A commit's id then depends on its content and parent alone: the same templates give the same revision everywhere. */
const IDENTITY = {
  GIT_AUTHOR_NAME: 'Molecule',
  GIT_AUTHOR_EMAIL: 'molecule@localhost',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'Molecule',
  GIT_COMMITTER_EMAIL: 'molecule@localhost',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
};

export interface PushResult {
  /** What main points at now. */
  readonly commit: string;
  /** False when main held exactly this content before. */
  readonly hasChanged: boolean;
}

export interface PushOptions {
  readonly repository: string;
  readonly message?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Makes the directory's files, links and executable bits the content of main. Creates the repository if it is missing. */
export async function pushDirectory(
  access: ForgeAccess,
  options: PushOptions & { readonly directory: string },
): Promise<PushResult> {
  return commitAndPush(access, options, async (git) => {
    const workTree = resolve(options.directory);
    await git(['add', '--all', '--force', '.'], { cwd: workTree, env: { GIT_WORK_TREE: workTree } });
  });
}

/** Writes (text) or removes (undefined) single files on top of what main holds. */
export async function pushChange(
  access: ForgeAccess,
  options: PushOptions & { readonly files: Readonly<Record<string, string | undefined>> },
): Promise<PushResult> {
  return commitAndPush(access, options, async (git, parent) => {
    if (parent !== undefined) await git(['read-tree', parent]);
    for (const [path, content] of Object.entries(options.files)) {
      if (content === undefined) {
        await git(['update-index', '--force-remove', '--', path]);
        continue;
      }
      const blob = await git(['hash-object', '-w', '--stdin'], { input: content });
      await git(['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`]);
    }
  });
}

interface GitOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs git on the temporary repository and returns its output without the line's end. */
type Git = (args: readonly string[], options?: GitOptions) => Promise<string>;

async function commitAndPush(
  access: ForgeAccess,
  options: PushOptions,
  fillIndex: (git: Git, parent: string | undefined) => Promise<void>,
): Promise<PushResult> {
  await ensureRepository(access, options.repository, options.signal);
  const gitDir = await mkdtemp(join(tmpdir(), 'molecule-push-'));
  const env = {
    ...IDENTITY,
    GIT_DIR: gitDir,
    // Commands on the index want one, though they read nothing from it.
    GIT_WORK_TREE: gitDir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    // In the environment, because a command line can be read by every user of the machine.
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: ${basicAuthorization(access)}`,
  };
  const git: Git = async (args, more = {}) => {
    const { signal } = options;
    return (
      await runOrThrow('git', args, { ...more, cwd: more.cwd ?? gitDir, env: { ...env, ...more.env }, signal })
    ).trim();
  };
  try {
    await git(['init', '--quiet']);
    const remote = `${access.url}/${access.user}/${options.repository}.git`;
    const parent = (await git(['ls-remote', remote, BRANCH])).split('\t')[0] || undefined;
    if (parent !== undefined) await git(['fetch', '--quiet', '--depth=1', remote, BRANCH]);
    await fillIndex(git, parent);
    const tree = await git(['write-tree']);
    if (parent !== undefined && (await git(['rev-parse', `${parent}^{tree}`])) === tree) {
      return { commit: parent, hasChanged: false };
    }
    const parents = parent === undefined ? [] : ['-p', parent];
    const message = options.message ?? 'Update templates';
    const commit = await git(['commit-tree', tree, ...parents, '-m', message]);
    await git(['push', '--quiet', remote, `${commit}:${BRANCH}`]);
    return { commit, hasChanged: true };
  } finally {
    await rm(gitDir, { recursive: true, force: true });
  }
}
