import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT_DIR } from '../../../hack/lib/paths.ts';
import { type RunResult, run } from '../../../hack/lib/run.ts';
import { SCRIPTS } from '../../../src/cli/completion/scripts.ts';
import { adminKubeconfig, controlPlane, createNamespace } from '../../support/control-plane.ts';
import { create } from './objects.ts';

let bin: string;
let namespace: string;

/** A PATH on which kubectl finds the plugin and what completes it, as docs/cli.md says to install them. */
beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), 'plugin-'));
  const program = join(CHECKOUT_DIR, 'src', 'bin', 'kubectl-molecule.ts');
  await install('kubectl-molecule', `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  await install('kubectl_complete-molecule', SCRIPTS.kubectl);
  namespace = await createNamespace('plugin');
  await create(namespace, [{ kind: 'Workspace', metadata: { name: 'writer' }, spec: {} }]);
});

afterAll(() => rm(bin, { recursive: true }));

/** A line that is being typed waits two seconds for the cluster and is then left as it is, which a busy machine may take. */
const PATIENCE = { timeout: 30_000 };

async function install(name: string, text: string): Promise<void> {
  await writeFile(join(bin, name), text);
  await chmod(join(bin, name), 0o755);
}

function onPath(program: string, args: readonly string[]): Promise<RunResult> {
  const env = {
    ...process.env,
    KUBECONFIG: adminKubeconfig(),
    PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`,
  };
  return run(program, args, { env });
}

describe('kubectl', () => {
  it('runs the plugin, and passes its exit code on', async () => {
    const shown = await onPath(controlPlane().kubectlProgram, ['molecule', 'tree', '-n', namespace]);
    expect(shown.stdout).toContain('writer');
    expect(shown.code).toBe(0);
    const refused = await onPath(controlPlane().kubectlProgram, ['molecule', 'tree', '-n', '../x']);
    expect(refused.code).toBe(2);
  });

  it('completes names of the cluster behind the plugin', async () => {
    const args = ['__complete', 'molecule', 'status', '-n', namespace, 'ws/'];
    const ask = async () => (await onPath(controlPlane().kubectlProgram, args)).stdout;
    await expect.poll(ask, PATIENCE).toBe('ws/writer\tUnknown: NotObserved\n:4\n');
  });
});

describe('bash', () => {
  it('completes the program by its own name', async () => {
    await writeFile(join(bin, 'completion.bash'), SCRIPTS.bash);
    const words = `COMP_WORDS=(kubectl-molecule status -n ${namespace} ws/); COMP_CWORD=4`;
    const script = `source ${bin}/completion.bash; ${words}; _kubectl_molecule; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const ask = () => onPath('bash', ['-c', script]);
    await expect.poll(ask, PATIENCE).toMatchObject({ code: 0, stdout: 'ws/writer\n' });
  });
});
