import { Gauge, type Registry } from '@prometheus-io/client';
import type { Stores } from '../../controllers/stores.ts';
import type { GuardMonitor } from '../../guard/guard-monitor.ts';
import type { LedgerHealth, MonitoredLedger } from '../../ledger/monitored-ledger.ts';

const UNKNOWN = -1;
const HEALTHS: readonly LedgerHealth[] = ['available', 'unavailable', 'frozen', 'absent', 'unknown'];

interface Sources extends Pick<Stores, 'approvalRequests'> {
  readonly guard: Pick<GuardMonitor, 'openRoutes'>;
  readonly ledger: Pick<MonitoredLedger, 'health'>;
}

/** Gauges of what waits for a human and of what keeps it from being destroyed, taken when they are read. */
export function registerApprovalGauges(registry: Registry, { approvalRequests, guard, ledger }: Sources): void {
  const registers = [registry];
  new Gauge({
    name: 'molecule_pending_approvals',
    help: 'ApprovalRequests that wait for a decision',
    registers,
    collect() {
      this.set([...approvalRequests.list()].filter(({ status }) => status?.phase === 'Pending').length);
    },
  });
  new Gauge({
    name: 'molecule_guard_open_routes',
    help: 'Open ways round the approvals; -1 while they are not known. Nothing is destroyed unless it is 0',
    registers,
    collect() {
      this.set(guard.openRoutes?.length ?? UNKNOWN);
    },
  });
  new Gauge({
    name: 'molecule_ledger_health',
    help: '1 for how the ledger is. Nothing is destroyed unless it is available',
    labelNames: ['health'],
    registers,
    collect() {
      for (const health of HEALTHS) this.set({ health }, health === ledger.health() ? 1 : 0);
    },
  });
}
