import type { Clearance, ClearanceSource } from '../controllers/clearance.ts';
import type { GuardMonitor } from './guard-monitor.ts';

/** How the ledger answered last. */
export interface LedgerHealth {
  current(): Clearance['ledger'];
  /** Called after every change. */
  onChange(listener: () => void): void;
}

/** The word of both: of the ledger, without which nothing is consumed, and of the guard, without which approvals could be gone round. */
export function composeClearance(
  ledger: LedgerHealth,
  guard: Pick<GuardMonitor, 'openRoutes' | 'onChange'>,
): ClearanceSource {
  return {
    current: () => ({ ledger: ledger.current(), openRoutes: guard.openRoutes }),
    onChange: (listener) => {
      ledger.onChange(listener);
      guard.onChange(listener);
    },
  };
}
