import { ProgramError, type RunResult, run } from './run.ts';

export interface KubectlOptions {
  readonly input?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** kubectl bound to one kubeconfig; its caches stay beside that file and out of the home directory. */
export interface Kubectl {
  readonly program: string;
  readonly kubeconfig: string;
  /** A refused request is a result with its code and standard error, not an exception. */
  run(args: readonly string[], options?: KubectlOptions): Promise<RunResult>;
  /** Throws when kubectl fails; returns standard output. */
  must(args: readonly string[], options?: KubectlOptions): Promise<string>;
}

export function createKubectl(program: string, kubeconfig: string): Kubectl {
  const base = ['--kubeconfig', kubeconfig, '--cache-dir', `${kubeconfig}.cache`];
  const runOnce: Kubectl['run'] = (args, options) => run(program, [...base, ...args], options);
  return {
    program,
    kubeconfig,
    run: runOnce,
    must: async (args, options) => {
      const result = await runOnce(args, options);
      if (result.code !== 0) throw new ProgramError(`run kubectl ${args.slice(0, 3).join(' ')}`, result);
      return result.stdout;
    },
  };
}
