import type { ClearanceSource } from '../controllers/clearance.ts';
import type { MonitoredLedger } from '../ledger/monitored-ledger.ts';
import type { GuardMonitor } from './guard-monitor.ts';

/** The word of both: of the ledger, without which nothing is consumed, and of the guard, without which approvals could be gone round. */
export function composeClearance(
  ledger: Pick<MonitoredLedger, 'health' | 'onChange'>,
  guard: Pick<GuardMonitor, 'openRoutes' | 'onChange'>,
): ClearanceSource {
  return {
    current: () => ({ ledger: ledger.health(), openRoutes: guard.openRoutes }),
    onChange: (listener) => {
      ledger.onChange(listener);
      guard.onChange(listener);
    },
  };
}
