import type { MaterializeReport } from '../../assets/report.ts';
import type { ReceivedReport } from './snapshot.ts';

/**
 * The last report of each Workspace since the operator started. What is older stands in the Workspace's status, so
 * losing this loses nothing that was told already.
 */
export class ReportInbox {
  readonly #reports = new Map<string, ReceivedReport>();

  put(
    workspaceUID: string,
    received: { readonly podUID: string; readonly receivedAt: Date; readonly report: MaterializeReport },
  ): void {
    this.#reports.set(workspaceUID, received);
  }

  get(workspaceUID: string): ReceivedReport | undefined {
    return this.#reports.get(workspaceUID);
  }

  forget(workspaceUID: string): void {
    this.#reports.delete(workspaceUID);
  }
}
