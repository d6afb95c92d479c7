/**
 * `node hack/bench.ts cold|restart|drift|delete|assets --workspaces N`: real etcd and kube-apiserver, a fake node that marks each Pod
 * ready with one PATCH; requests are counted from the apiserver's audit log. `assets` needs neither: it measures archives, store
 * and asset server. The last line is one JSON object.
 */
import { Command, InvalidArgumentError } from 'commander';
import { measureAssets } from './bench/assets.ts';
import { measureColdStart } from './bench/cold.ts';
import { measureDelete } from './bench/delete.ts';
import { measureDrift } from './bench/drift.ts';
import { measureRestart } from './bench/restart.ts';
import { type Rig, withRig } from './bench/rig.ts';

const program = new Command('bench').description('Measures the operator against a real apiserver');
const measurement = (
  name: string,
  description: string,
  measure: (count: number) => Promise<void>,
  count: number,
): void => {
  program
    .command(name)
    .description(description)
    .option('-n, --workspaces <count>', 'how many Workspaces', parseCount, count)
    .action((options: { readonly workspaces: number }) => measure(options.workspaces));
};
const onRig =
  (measure: (rig: Rig, count: number) => Promise<void>) =>
  (count: number): Promise<void> =>
    withRig((rig) => measure(rig, count));
measurement('cold', 'a start over Workspaces that are new', onRig(measureColdStart), 200);
measurement('restart', 'a start over Workspaces that are Ready', onRig(measureRestart), 2000);
measurement('drift', 'the healing of Pods, labels and volumes', onRig(measureDrift), 500);
measurement('delete', 'deletions that wait, and their approvals', onRig(measureDelete), 200);
measurement('assets', 'archives, and one revision for many Workspaces', measureAssets, 100);
await program.parseAsync();

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('write a positive number');
  return count;
}
