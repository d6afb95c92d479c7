import { setTimeout as sleep } from 'node:timers/promises';
import { sendSignal } from '../lib/daemon.ts';
import type { Report } from '../lib/report.ts';
import type { FaultProxy } from './fault-proxy.ts';

export interface FaultTargets {
  /** Between operator and apiserver. */
  readonly proxy: FaultProxy;
  readonly apiserverPid: number;
  readonly ledgerPid: number;
}

const PAUSE_MS = 20_000;

interface Fault {
  readonly name: string;
  readonly lastsMs: number;
  readonly begin: (targets: FaultTargets) => void;
  readonly end: (targets: FaultTargets) => void;
}

const FAULTS: readonly Fault[] = [
  { name: 'connections reset', lastsMs: 0, begin: ({ proxy }) => proxy.cut(), end: () => undefined },
  {
    name: 'wire silent for 15 s',
    lastsMs: 15_000,
    begin: ({ proxy }) => proxy.hold(),
    end: ({ proxy }) => proxy.release(),
  },
  {
    name: 'apiserver stopped for 8 s',
    lastsMs: 8_000,
    begin: ({ apiserverPid }) => sendSignal(apiserverPid, 'SIGSTOP'),
    end: ({ apiserverPid }) => sendSignal(apiserverPid, 'SIGCONT'),
  },
  {
    name: 'ledger stopped for 12 s',
    lastsMs: 12_000,
    begin: ({ ledgerPid }) => sendSignal(ledgerPid, 'SIGSTOP'),
    end: ({ ledgerPid }) => sendSignal(ledgerPid, 'SIGCONT'),
  },
];

/** One fault after the other, with peace between them, until aborted; whatever is going on is ended then. */
export async function injectFaults(
  targets: FaultTargets,
  options: { readonly report: Report; readonly signal: AbortSignal },
): Promise<void> {
  const { report, signal } = options;
  for (let turn = 0; !signal.aborted; turn += 1) {
    const fault = FAULTS[turn % FAULTS.length];
    if (fault === undefined) return;
    await peacefully(PAUSE_MS, signal);
    if (signal.aborted) return;
    report(`Fault: ${fault.name}`);
    fault.begin(targets);
    try {
      await peacefully(fault.lastsMs, signal);
    } finally {
      fault.end(targets);
    }
  }
}

/** Sleeps, and wakes up at once without complaint when aborted. */
export async function peacefully(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
