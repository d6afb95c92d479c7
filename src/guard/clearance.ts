import type { ClearanceSource } from '../controllers/clearance.ts';
import type { MonitoredLedger } from '../ledger/monitored-ledger.ts';
import type { GuardMonitor } from './guard-monitor.ts';

/** The word of both: of the ledger, without which nothing is consumed, and of the guard, without which approvals could be gone round. */
export function composeClearance(
  ledger: Pick<MonitoredLedger, 'health' | 'deadSince' | 'onChange'>,
  guard: Pick<GuardMonitor, 'openRoutes' | 'onChange'>,
): ClearanceSource {
  return {
    current: () => {
      const ledgerDeadSince = ledger.deadSince();
      const dead = ledgerDeadSince === undefined ? {} : { ledgerDeadSince };
      return { ledger: ledger.health(), ...dead, openRoutes: guard.openRoutes };
    },
    onChange: (listener) => {
      ledger.onChange(listener);
      guard.onChange(listener);
    },
  };
}
