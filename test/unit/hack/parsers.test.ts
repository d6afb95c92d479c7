import { describe, expect, it } from 'vitest';
import { digestFor } from '../../../hack/binaries/download.ts';
import { parseMounts } from '../../../hack/cluster/clean.ts';
import { overlaps, subnetCandidates } from '../../../hack/cluster/network.ts';
import { parseLdd } from '../../../hack/image/base.ts';

describe('parseMounts', () => {
  it('reads mount points with spaces, and types behind optional fields', () => {
    const text =
      '36 35 98:0 / /a\\040b rw,noatime master:1 - ext4 /dev/root rw\n37 35 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n';
    expect(parseMounts(text)).toEqual([
      { path: '/a b', type: 'ext4' },
      { path: '/sys/fs/cgroup/cpu', type: 'cgroup' },
    ]);
  });
});

describe('parseLdd', () => {
  it('takes libraries and the loader, not what the kernel provides', () => {
    const text = [
      '\tlinux-vdso.so.1 (0x00007ffd)',
      '\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f00)',
      '\t/lib64/ld-linux-x86-64.so.2 (0x00007f01)',
    ].join('\n');
    expect(parseLdd(text)).toEqual(['/lib/x86_64-linux-gnu/libm.so.6', '/lib64/ld-linux-x86-64.so.2']);
  });
});

describe('digestFor', () => {
  const digest = 'a'.repeat(64);
  const other = 'b'.repeat(64);
  it.each([
    { name: 'a bare digest', text: `${digest}\n`, expected: digest },
    { name: 'its own line among others', text: `${other}  y.tgz\n${digest}  x.tgz\n`, expected: digest },
    { name: 'a line of binary mode', text: `${digest} *x.tgz\n`, expected: digest },
    { name: 'nothing from a list without its line', text: `${other}  y.tgz\n`, expected: undefined },
    { name: 'nothing from a page that is no checksum', text: '<html>', expected: undefined },
  ])('takes $name', ({ text, expected }) => {
    expect(digestFor('https://host/release/x.tgz', text)).toBe(expected);
  });
});

describe('Pod networks', () => {
  it('are the same for a checkout each time and others for another', () => {
    expect(subnetCandidates('molecule-1')).toEqual(subnetCandidates('molecule-1'));
    expect(subnetCandidates('molecule-1')[0]).not.toBe(subnetCandidates('molecule-2')[0]);
  });

  it('lie in 10.64.0.0/10 and are all different', () => {
    const subnets = subnetCandidates('molecule-1');
    expect(new Set(subnets).size).toBe(subnets.length);
    for (const subnet of subnets) expect(overlaps('10.64.0.0/10', subnet)).toBe(true);
  });

  it.each([
    { destination: '10.93.172.0/24', expected: true },
    { destination: '10.93.172.7', expected: true },
    { destination: '10.93.0.0/16', expected: true },
    { destination: '10.93.173.0/24', expected: false },
    { destination: '192.0.2.0/24', expected: false },
    { destination: 'default', expected: false },
    { destination: '0.0.0.0/0', expected: false },
  ])('overlap the route $destination: $expected', ({ destination, expected }) => {
    expect(overlaps(destination, '10.93.172')).toBe(expected);
  });
});
