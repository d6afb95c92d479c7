import { describe, expect, it } from 'vitest';
import { REASONS } from '../../../../src/apis/v1alpha1/reasons.ts';
import type { Names } from '../../../../src/cli/status/advice.ts';
import { adviceFor, GUIDE, NOTHING_TO_DO } from '../../../../src/cli/status/guide.ts';

const NAMES: Names = {
  flags: '-n acme',
  operatorFlags: '-n molecule-system',
  clusterFlags: '',
  object: { resource: 'workspace', name: 'writer' },
  pod: 'writer-1',
  volume: 'writer-1',
  templateAsset: 'writer',
  secret: { name: 'forge-token', key: 'token' },
  environmentSecrets: [],
  suspendedAncestor: 'lead',
  request: 'apr-1',
};

/** How the reasons of failures are called; none of them may be told to be nothing. */
const FAILURE =
  /(^TooMany.*|Failed|NotFound|NotReady|Refused|Missing|Invalid|Unavailable|Conflict|NotAllowed|Forbidden|Cycle|Lost|Too(Large|Deep|Long|High|Slow)|Taken|Unknown|Unauthorized|Killed|Error)$/;

describe('what to do about a reason', () => {
  it.each(Object.values(REASONS))('%s has a line in src/cli/status/guide.ts', (reason) => {
    const advice = GUIDE[reason];
    expect(advice).toBeDefined();
    if (FAILURE.test(reason)) expect(advice).not.toBe(NOTHING_TO_DO);
  });

  it.each(
    Object.entries(GUIDE).flatMap(([reason, advice]) => (advice === NOTHING_TO_DO ? [] : [[reason, advice] as const])),
  )('%s leads to a command that can be pasted', (_reason, advice) => {
    const command = advice.command(NAMES);
    expect(command).toMatch(/^(kubectl|echo '.*' \| kubectl) [\w/]/);
    expect(command).not.toMatch(/undefined|\n| {2}|\s$/);
  });

  it.each([
    ['AgentRestarting', 'kubectl logs writer-1 -n acme -c agent --previous'],
    ['TemplateNotReady', 'kubectl molecule status ta/writer -n acme'],
    ['FetchFailed', 'kubectl molecule sync ta/writer -n acme --wait'],
    ['VolumeNotWritable', 'kubectl describe pvc writer-1 -n acme'],
    ['ParentNotFound', `kubectl patch workspace writer -n acme --type=merge -p '{"spec":{"parentRef":null}}'`],
    ['StoreFailed', 'kubectl logs deployment/molecule-operator -n molecule-system'],
    ['AncestorSuspended', `kubectl patch workspace lead -n acme --type=merge -p '{"spec":{"suspend":false}}'`],
    ['LedgerUnavailable', 'kubectl logs deployment/molecule-operator -n molecule-system'],
    ['ResizeRefused', 'kubectl describe pvc writer-1 -n acme'],
    ['AwaitingApproval', 'kubectl molecule approvals show apr-1 -n acme'],
    ['AwaitingDeletion', 'kubectl molecule delete workspace/writer -n acme --reason TEXT'],
    ['GuardOpen', 'kubectl molecule doctor -n acme'],
    ['LedgerFrozen', 'kubectl molecule audit verify'],
    ['NodeLost', 'kubectl get nodes -o wide'],
    ['NotObserved', 'kubectl molecule doctor -n acme'],
    ['OfANewerOperator', 'kubectl describe workspace writer -n acme'],
  ])('%s: %s', (reason, command) => {
    expect(adviceFor({ reason, message: null })?.command(NAMES)).toBe(command);
  });

  it('is the log of the operator for whatever waits for the ledger', () => {
    const message = 'Waits for the ledger, which does not answer';
    expect(adviceFor({ reason: 'Terminating', message })?.command(NAMES)).toBe(
      'kubectl logs deployment/molecule-operator -n molecule-system',
    );
    const named = 'Waits for Workspace "ledger"';
    expect(adviceFor({ reason: 'Terminating', message: named })?.command(NAMES)).toBe(
      'kubectl describe pod writer-1 -n acme',
    );
  });

  it('is a look at the ledger, not at a log, where the ledger is older than it was', () => {
    const message = 'The ledger is older than what the cluster remembers of it';
    expect(adviceFor({ reason: 'LedgerFrozen', message })?.command(NAMES)).toBe('kubectl molecule audit verify');
  });

  it('is nothing for what works', () => {
    expect(adviceFor({ reason: 'WorkspaceReady', message: 'The agent is ready' })).toBeUndefined();
  });
});
