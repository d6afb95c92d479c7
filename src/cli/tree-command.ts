import { APPROVAL_REQUESTS, ORGS, WORKSPACES } from '../apis/v1alpha1/resources.ts';
import type { ApprovalRequest, Org, Workspace } from '../apis/v1alpha1/types.generated.ts';
import { explainFailure } from './cluster-failure.ts';
import type { CommandContext } from './command-context.ts';
import { listAll } from './list-all.ts';
import type { ClusterFlags, TableFormat } from './options.ts';
import { find, foundValue } from './read-object.ts';
import { buildTrees } from './tree/build-tree.ts';
import { printTrees } from './tree/print-trees.ts';
import { readDeadline, withCluster } from './with-cluster.ts';

export interface TreeFlags extends ClusterFlags {
  readonly allNamespaces?: boolean;
  readonly output: TableFormat;
}

/** `kubectl molecule tree`: three lists, one table. Reads only. */
export async function showTree(flags: TreeFlags, context: CommandContext): Promise<void> {
  const { io, now } = context;
  await withCluster(flags, context, async ({ client, namespace: ownNamespace }) => {
    const namespace = flags.allNamespaces === true ? undefined : (flags.namespace ?? ownNamespace);
    const options = { signal: readDeadline(context.signal), ...(namespace === undefined ? {} : { namespace }) };
    const [orgs, workspaces, requests] = await Promise.all([
      listAll<Org>(client, ORGS, options),
      listAll<Workspace>(client, WORKSPACES, options),
      find(listAll<ApprovalRequest>(client, APPROVAL_REQUESTS, options)),
    ]).catch((error: unknown) => {
      const where = namespace === undefined ? 'in all namespaces, or name one with -n' : `in namespace "${namespace}"`;
      throw explainFailure(error, {
        what: 'read the Orgs',
        right: `the right to list orgs and workspaces ${where}`,
      });
    });
    const trees = buildTrees(orgs, workspaces, foundValue(requests));
    if (trees.length === 0) {
      io.stderr.write(
        `No Org and no Workspace found in ${namespace === undefined ? 'any namespace' : `namespace "${namespace}"`}\n`,
      );
      if (flags.output === 'table' || flags.output === 'wide') return;
    }
    printTrees(trees, { io, output: flags.output, isColorWanted: flags.color, now: now() });
  });
}
