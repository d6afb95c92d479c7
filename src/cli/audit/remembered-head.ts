import { LEDGER_LEASE, OPERATOR_NAMESPACE } from '../../apis/v1alpha1/names.ts';
import type { AuditHead } from '../../ledger/audit/chain.ts';
import { LeaseMemory } from '../../ledger/lease-memory.ts';
import { coerceError } from '../../platform/errors.ts';
import type { CommandContext } from '../command-context.ts';
import type { ClusterFlags } from '../options.ts';
import { readDeadline, withCluster } from '../with-cluster.ts';

/** What the cluster knows of the ledger, or why that is not known; an auditor may have the right to read the database alone. */
export type Recollection =
  | { readonly kind: 'remembered'; readonly head: AuditHead }
  | { readonly kind: 'nothing'; readonly why: string };

export async function recallHead(flags: ClusterFlags, context: CommandContext): Promise<Recollection> {
  try {
    const remembered = await withCluster(flags, context, ({ client }) =>
      new LeaseMemory(client).recall(readDeadline(context.signal)),
    );
    if (remembered !== undefined) return { kind: 'remembered', head: remembered.head };
    return { kind: 'nothing', why: `there is no Lease "${LEDGER_LEASE}" in ${OPERATOR_NAMESPACE}` };
  } catch (error) {
    context.signal.throwIfAborted();
    return { kind: 'nothing', why: coerceError(error).message };
  }
}
