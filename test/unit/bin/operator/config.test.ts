import { describe, expect, it } from 'vitest';
import { type OperatorConfig, readConfig } from '../../../../src/bin/operator/config.ts';

function read(...flags: readonly string[]): OperatorConfig {
  return readConfig(['node', 'operator', ...flags], {});
}

describe('leader election', () => {
  it.each([
    ['is on, with its Lease beside the operator', [], { namespace: 'molecule-system' }],
    ['can be said to be on', ['--leader-elect'], { namespace: 'molecule-system' }],
    ['can be off', ['--leader-elect=false'], undefined],
    ['can be elsewhere', ['--leader-election-namespace=other'], { namespace: 'other' }],
  ])('%s', (_title, flags, expected) => {
    expect(read(...flags).leaderElection).toEqual(expected);
  });

  it('knows of no place and no Pod by itself', () => {
    expect(read()).not.toHaveProperty('instance');
    expect(read('--instance=a', '--pod-name=b')).toMatchObject({ instance: 'a', podName: 'b' });
  });
});
