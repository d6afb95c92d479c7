import { describe, expect, it, vi } from 'vitest';
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

describe('the deletion webhook', () => {
  it('is reached through its Service', () => {
    expect(read().webhook).toEqual({ host: '0.0.0.0', port: 9443 });
    expect(read()).not.toHaveProperty('webhookURL');
  });

  it('can be reached elsewhere, where only the address counts', () => {
    const flags = ['--webhook-address=127.0.0.1:1234', '--webhook-url=https://10.0.0.1:1234/asked?x=1'];
    expect(read(...flags)).toMatchObject({ webhook: { port: 1234 }, webhookURL: 'https://10.0.0.1:1234' });
  });

  it.each(['http://10.0.0.1:1234', '10.0.0.1:1234', 'nonsense'])('cannot be reached at %s', (url) => {
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect(() => read(`--webhook-url=${url}`)).toThrow('exit 2');
      expect(stderr.mock.calls.join()).toContain('write https://HOST:PORT');
    } finally {
      vi.restoreAllMocks();
    }
  });
});
