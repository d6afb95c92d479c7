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

describe('networks of forges', () => {
  it('are none, so that nothing private is reachable, until they are listed', () => {
    expect(read().forgeNetworks).toEqual([]);
    expect(read('--forge-networks', '10.20.0.0/16, fd12:3456::/32').forgeNetworks).toEqual([
      { address: '10.20.0.0', prefix: 16, family: 'ipv4' },
      { address: 'fd12:3456::', prefix: 32, family: 'ipv6' },
    ]);
  });

  it.each([
    ['10.20.0.0', '10.20.0.0'],
    ['10.0.0.0/8,git.example.com', 'git.example.com'],
    ['10.0.0.0/8,', ''],
    ['::ffff:10.0.0.0/104', '::ffff:10.0.0.0/104'],
  ])('are not %s', (text, part) => {
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect(() => read(`--forge-networks=${text}`)).toThrow('exit 2');
      expect(stderr.mock.calls.join()).toContain(
        `"${part}" is no network; write for example 10.20.0.0/16,fd12:3456::/32`,
      );
    } finally {
      vi.restoreAllMocks();
    }
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

describe('the store', () => {
  it.each([
    [[], 1536 * 2 ** 20],
    [['--store-bytes=3Gi'], 3 * 2 ** 30],
    [['--store-bytes=67108864'], 2 ** 26],
  ])('keeps assets in so many bytes: %j', (flags, storeBytes) => {
    expect(read(...flags)).toMatchObject({ storeBytes });
  });

  it.each(['63Mi', '-3Gi', '1.5', 'much'])('cannot keep assets in %s', (size) => {
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`exit ${code}`);
    });
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      expect(() => read(`--store-bytes=${size}`)).toThrow('exit 2');
      expect(stderr.mock.calls.join()).toContain('write a size of at least 64Mi');
    } finally {
      vi.restoreAllMocks();
    }
  });
});
