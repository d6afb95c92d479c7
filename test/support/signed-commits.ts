import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../../hack/lib/run.ts';

/** A key pair on disk that Git signs with, as a person would have it. */
export interface CommitSigner {
  /** As OpenSSH or OpenPGP writes it. */
  readonly publicKey: string;
  /** Makes an empty commit on top of what HEAD is and returns it as Git stores it. */
  commit(message: string): Promise<SignedCommitText>;
  /** Of the repository that it commits to. */
  readonly gitDir: string;
  stop(): Promise<void>;
}

/** A commit as a forge shows it. */
export interface SignedCommitText {
  readonly commit: string;
  readonly payload: string;
  readonly signature: string;
}

export interface SignerOptions {
  /** Empty or missing. */
  readonly dir: string;
  readonly email: string;
  /** As `ssh-keygen -t` or `gpg --quick-gen-key` takes it. */
  readonly key:
    | { readonly format: 'ssh'; readonly type: string; readonly bits?: number }
    | { readonly format: 'openpgp'; readonly type: string };
}

/** Made by the programs themselves: git, and ssh-keygen or gpg. */
export async function createCommitSigner({ dir, email, key }: SignerOptions): Promise<CommitSigner> {
  const gitDir = join(dir, 'repository');
  const keyFile = join(dir, 'key');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const env = {
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GNUPGHOME: dir,
    GIT_AUTHOR_NAME: 'Signer',
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
    GIT_COMMITTER_NAME: 'Signer',
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
  };
  const run = (program: string, args: readonly string[]): Promise<string> =>
    runOrThrow(program, args, { env, cwd: dir });
  const config = key.format === 'ssh' ? ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${keyFile}.pub`] : [];
  await run('git', ['init', '--quiet', gitDir]);
  let publicKey: string;
  if (key.format === 'ssh') {
    const bits = key.bits === undefined ? [] : ['-b', String(key.bits)];
    await run('ssh-keygen', ['-q', '-t', key.type, ...bits, '-N', '', '-C', email, '-f', keyFile]);
    publicKey = (await readFile(`${keyFile}.pub`, 'utf8')).trim();
  } else {
    // Older than the commits, which are as old as they say.
    await writeFile(join(dir, 'gpg.conf'), 'faked-system-time 20260101T000000\n');
    await run('gpg', [
      '--batch',
      '--passphrase',
      '',
      '--quick-gen-key',
      `Signer <${email}>`,
      key.type,
      'sign',
      'never',
    ]);
    publicKey = await run('gpg', ['--batch', '--armor', '--export', email]);
  }
  return {
    publicKey,
    gitDir,
    commit: async (message) => {
      await run('git', ['-C', gitDir, ...config, 'commit', '--quiet', '--allow-empty', '-S', '-m', message]);
      const commit = (await run('git', ['-C', gitDir, 'rev-parse', 'HEAD'])).trim();
      return { commit, ...splitCommit(await run('git', ['-C', gitDir, 'cat-file', 'commit', commit])) };
    },
    stop: async () => {
      if (key.format === 'openpgp') await run('gpgconf', ['--kill', 'all']);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What was signed, and the signature, as forges show them. */
export function splitCommit(raw: string): Pick<SignedCommitText, 'payload' | 'signature'> {
  const [header = '', body = ''] = /^gpgsig (.*\n(?: .*\n)*)/m.exec(raw) ?? [];
  return { payload: raw.replace(header, ''), signature: body.replaceAll('\n ', '\n') };
}
