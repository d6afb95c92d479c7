import type { AuditHead } from '../../src/ledger/audit/chain.ts';
import type { HeadMemory, RememberedHead } from '../../src/ledger/head-keeper.ts';

/** What the cluster remembers of the ledger, without a cluster. */
export class HeadInMemory implements HeadMemory {
  head: AuditHead | undefined;
  writes = 0;
  /** Thrown by every call while it is set. */
  failure: Error | undefined;

  async recall(): Promise<RememberedHead | undefined> {
    if (this.failure !== undefined) throw this.failure;
    return this.head && { head: this.head, resourceVersion: String(this.writes) };
  }

  async remember(head: AuditHead, over: RememberedHead | undefined): Promise<boolean> {
    if (this.failure !== undefined) throw this.failure;
    if (over?.resourceVersion !== (this.head && String(this.writes))) return false;
    this.head = head;
    this.writes += 1;
    return true;
  }
}
