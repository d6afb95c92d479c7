import type { CLI_API_VERSION } from '../print-structured.ts';

/** What `kubectl molecule doctor -o json` and `-o yaml` print: members are added, never renamed or removed. */
export interface DoctorReport {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'DoctorReport';
  readonly server: string;
  readonly findings: readonly Finding[];
}

export interface Finding extends Problem {
  readonly check: CheckName;
}

export interface Problem {
  readonly verdict: Verdict;
  readonly message: string;
  /** What a person does about it; null where nothing is to be done. */
  readonly todo: string | null;
}

/** unknown: it could not be found out, most often for a missing right. It is never taken for fine. */
export type Verdict = 'ok' | 'warning' | 'failed' | 'unknown';

export type CheckName =
  | 'apiserver'
  | 'crds'
  | 'policies'
  | 'operator-rights'
  | 'own-rights'
  | 'operator'
  | 'ledger'
  | 'templates'
  | 'nodes'
  | 'storage'
  | 'network-policies'
  | 'pod-security';

export function ok(message: string): Problem {
  return { verdict: 'ok', message, todo: null };
}

export function warning(message: string, todo: string): Problem {
  return { verdict: 'warning', message, todo };
}

export function failed(message: string, todo: string): Problem {
  return { verdict: 'failed', message, todo };
}

export function unknown(message: string, todo: string): Problem {
  return { verdict: 'unknown', message, todo };
}

/** For what may not be read; the apiserver's message names user, verb and resource. */
export function forbidden(message: string): Problem {
  return unknown(`May not be looked at: ${message}`, 'Ask somebody who may, or ask for the right');
}

/** The problems, or that there are none. */
export function orOk(problems: readonly Problem[], message: string): readonly Problem[] {
  return problems.length === 0 ? [ok(message)] : problems;
}
