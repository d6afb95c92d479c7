import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureBinaries } from '../../hack/binaries.ts';
import { startControlPlane } from '../../hack/control-plane.ts';
import { installApi } from '../../hack/install-api.ts';
import { DEV_DIR } from '../../hack/lib/paths.ts';
import { reportToStdout } from '../../hack/lib/report.ts';
import { openRunDir } from '../../hack/lib/run-dir.ts';
import { startPostgres } from '../../hack/postgres/start.ts';

/**
 * One control plane and one PostgreSQL for all integration test files of this run; control-plane.ts and postgres.ts tell
 * how a test uses them. Runs side by side get their own; what a killed run left is cleaned by the next.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = await openRunDir(join(DEV_DIR, 'test'));
  const report = reportToStdout;
  try {
    // Here and not in a test's hook, which has a time limit: on a new machine they are built first.
    await ensureBinaries(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl', 'gitea'], { report });
    const [controlPlane, postgres] = await Promise.all([
      startControlPlane({ dir: join(run.dir, 'control-plane'), hasControllerManager: true, report }),
      startPostgres({ dir: join(run.dir, 'postgres'), report }),
    ]);
    await installApi(controlPlane.kubectl);
    project.provide('controlPlane', {
      server: controlPlane.server,
      caFile: controlPlane.caFile,
      adminKubeconfig: controlPlane.adminKubeconfig,
      kubectlProgram: controlPlane.kubectl.program,
      dir: run.dir,
    });
    project.provide('postgres', postgres.access);
    return async () => {
      await Promise.all([controlPlane.stop(), postgres.remove()]);
      await run.remove();
    };
  } catch (error) {
    await run.remove();
    throw error;
  }
}
