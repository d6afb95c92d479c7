import type { TestProject } from 'vitest/node';
import { readCluster } from '../../hack/cluster/state.ts';
import { bringUpEnvironment, type Environment, takeDownEnvironment } from '../../hack/environment.ts';
import { reportToStdout } from '../../hack/lib/report.ts';

/** Plain data, because it crosses from the setup's process into those of the test files. */
export type ProvidedEnvironment = Pick<Environment, 'cluster' | 'forge' | 'forgeToken' | 'operator'>;

declare module 'vitest' {
  export interface ProvidedContext {
    environment: ProvidedEnvironment;
  }
}

/** The environment of this checkout, as `make demo` has it: used as it is when it is up, else brought up and taken down again. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wasUp = (await readCluster()) !== undefined;
  const { cluster, forge, forgeToken, operator } = await bringUpEnvironment({
    report: reportToStdout,
    signal: new AbortController().signal,
  });
  project.provide('environment', { cluster, forge, forgeToken, operator });
  return async () => {
    if (!wasUp) await takeDownEnvironment({ report: reportToStdout });
  };
}
