import { ORGS, WORKSPACES } from '../apis/v1alpha1/resources.ts';
import type { Org, Workspace } from '../apis/v1alpha1/types.generated.ts';
import { explainFailure } from './cluster-failure.ts';
import type { Connect } from './connect.ts';
import type { CommandIO } from './io.ts';
import { listAll } from './list-all.ts';
import { buildTrees } from './tree/build-tree.ts';
import { type PrintOptions, printTrees } from './tree/print-trees.ts';

export interface TreeFlags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly output: PrintOptions['output'];
  readonly color: boolean;
}

export interface TreeContext {
  readonly io: CommandIO;
  readonly connect: Connect;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** A cluster that has not answered by then does not answer. */
const TIMEOUT_MS = 30_000;

/** `kubectl molecule tree`: two lists, one table. Reads only. */
export async function showTree(flags: TreeFlags, { io, connect, now, signal }: TreeContext): Promise<void> {
  const cluster = await connect(flags);
  try {
    const namespace = flags.allNamespaces === true ? undefined : (flags.namespace ?? cluster.namespace);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const options = { signal: deadline, ...(namespace === undefined ? {} : { namespace }) };
    const [orgs, workspaces] = await Promise.all([
      listAll<Org>(cluster.client, ORGS, options),
      listAll<Workspace>(cluster.client, WORKSPACES, options),
    ]).catch((error: unknown) => {
      throw explainFailure(error, namespace);
    });
    const trees = buildTrees(orgs, workspaces);
    if (trees.length === 0) {
      io.stderr.write(
        `No Org and no Workspace found in ${namespace === undefined ? 'any namespace' : `namespace "${namespace}"`}\n`,
      );
      if (flags.output === 'table' || flags.output === 'wide') return;
    }
    await printTrees(trees, { io, output: flags.output, isColorWanted: flags.color, now: now() });
  } finally {
    cluster.close();
  }
}
