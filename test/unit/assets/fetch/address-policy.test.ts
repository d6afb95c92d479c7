import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAddressPolicy, type Network, parseNetwork } from '../../../../src/assets/fetch/address-policy.ts';

function networks(...texts: readonly string[]): readonly Network[] {
  return texts.flatMap((text) => parseNetwork(text) ?? expect.unreachable(`${text} is a network`));
}

const policy = createAddressPolicy([]);

describe('an address that is not public', () => {
  it.each([
    ['this network', '0.0.0.0', '0.255.255.255'],
    ['private, large', '10.0.0.0', '10.255.255.255'],
    ['shared by carriers', '100.64.0.0', '100.127.255.255'],
    ['metadata of a cloud in it', '100.100.100.200', '100.100.100.200'],
    ['loopback', '127.0.0.0', '127.255.255.255'],
    ['the host of a virtual machine', '168.63.129.16', '168.63.129.16'],
    ['link-local', '169.254.0.0', '169.254.255.255'],
    ['metadata of most clouds in it', '169.254.169.254', '169.254.169.254'],
    ['private, middle', '172.16.0.0', '172.31.255.255'],
    ['protocol assignments', '192.0.0.0', '192.0.0.255'],
    ['documentation, first', '192.0.2.0', '192.0.2.255'],
    ['relays of 6to4', '192.88.99.0', '192.88.99.255'],
    ['private, small', '192.168.0.0', '192.168.255.255'],
    ['benchmarks', '198.18.0.0', '198.19.255.255'],
    ['documentation, second', '198.51.100.0', '198.51.100.255'],
    ['documentation, third', '203.0.113.0', '203.0.113.255'],
    ['multicast and reserved', '224.0.0.0', '255.255.255.255'],
    ['unspecified', '::', '::'],
    ['loopback of IPv6', '::1', '::1'],
    ['IPv4 in the old way', '::808:808', '::ffff:ffff'],
    ['mapped loopback', '::ffff:127.0.0.1', '::ffff:7fff:ffff'],
    ['translated IPv4', '::ffff:0:7f00:1', '::ffff:0:808:808'],
    ['NAT64', '64:ff9b::', '64:ff9b::ffff:ffff'],
    ['NAT64 of a network', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
    ['discarded', '100::', '100::ffff:ffff:ffff:ffff'],
    ['Teredo', '2001::', '2001:0:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['protocol assignments of IPv6', '2001:1::1', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['documentation of IPv6', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['6to4', '2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['the former 6bone', '3ffe::', '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['more documentation of IPv6', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['nobody yet', '4000::', '5eff::'],
    ['segment routing', '5f00::', '5f00:ffff::'],
    ['unique local', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['metadata of a cloud in that', 'fd00:ec2::254', 'fd00:ec2::254'],
    ['link-local of IPv6', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['site-local', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['multicast of IPv6', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('is one of %s, from the first to the last', (_what, first, last) => {
    expect([policy.isPublic(first), policy.isPublic(last)]).toEqual([false, false]);
  });

  it.each([
    '',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '010.0.0.1',
    '1.2.3.4.5',
    '[::1]',
    'fe80::1%eth0',
    '2606:4700::1%lo',
    ' 8.8.8.8',
    '8.8.8.8/32',
  ])('is %j, which is none', (text) => {
    const all = createAddressPolicy(networks('0.0.0.0/0', '::/0'));
    expect([all.isPublic(text), all.isListed(text)]).toEqual([false, false]);
  });
});

describe('an address that is public', () => {
  it.each([
    ...[
      '1.0.0.0',
      '8.8.8.8',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.0',
    ],
    ...[
      '168.63.129.15',
      '168.63.129.17',
      '169.253.255.255',
      '169.255.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '191.255.255.255',
    ],
    ...['192.0.1.0', '192.0.3.0', '192.88.98.255', '192.88.100.0', '192.167.255.255', '192.169.0.0', '198.17.255.255'],
    ...['198.20.0.0', '198.51.99.255', '198.51.101.0', '203.0.112.255', '203.0.114.0', '223.255.255.255'],
    ...[
      '2000::1',
      '2001:200::1',
      '2001:db7:ffff::1',
      '2001:db9::1',
      '2003::1',
      '2606:4700::1111',
      '3ffd::1',
      '3fff:1000::1',
    ],
  ])('is %s, right beside one that is not', (address) => {
    expect(policy.isPublic(address)).toBe(true);
    expect(policy.isListed(address)).toBe(false);
  });
});

describe('a listed network', () => {
  const listed = createAddressPolicy(networks('10.20.0.0/16', '127.0.0.1/32', 'fd12:3456::/32'));

  it.each([
    ['10.20.0.0', true],
    ['10.20.255.255', true],
    ['10.19.255.255', false],
    ['10.21.0.0', false],
    ['127.0.0.1', true],
    ['127.0.0.2', false],
    ['::ffff:10.20.1.1', true],
    ['::ffff:a15:101', false],
    ['fd12:3456::1', true],
    ['fd12:3457::1', false],
    ['8.8.8.8', false],
  ])('holds %s: %s', (address, isListed) => {
    expect(listed.isListed(address)).toBe(isListed);
  });

  it('makes nothing public, and of one family holds nothing of the other', () => {
    expect(listed.isPublic('10.20.0.1')).toBe(false);
    const six = createAddressPolicy(networks('::/0'));
    expect([six.isListed('127.0.0.1'), six.isListed('::ffff:127.0.0.1'), six.isListed('::1')]).toEqual([
      false,
      false,
      true,
    ]);
    const four = createAddressPolicy(networks('0.0.0.0/0'));
    expect([four.isListed('127.0.0.1'), four.isListed('::ffff:127.0.0.1'), four.isListed('::1')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    '',
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '010.0.0.0/8',
    '::/129',
    'fe80::%eth0/10',
    '::ffff:10.0.0.0/104',
    '::ffff:0:0/96',
    'git.example.com',
    '10.0.0.0/8 ',
  ])('is not %j', (text) => expect(parseNetwork(text)).toBeUndefined());
});

describe('however an address is written', () => {
  const some = createAddressPolicy(networks('10.0.0.0/9', '2001:db8::/33', 'fc00::/8'));
  const answer = (address: string) => [some.isPublic(address), some.isListed(address)];
  // Mostly near the borders of what is special, where a mistake would show.
  const group = fc.oneof(
    fc.integer({ min: 0, max: 0xffff }),
    fc.constantFrom(0, 0x2001, 0xdb8, 0x7fff, 0x8000, 0xffff, 0xfc00, 0x64, 0xff9b),
  );
  const octet = fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 10, 127, 128, 169, 172, 192, 224, 255));

  it('the answer is the same for IPv4 and for the same address mapped into IPv6', () => {
    fc.assert(
      fc.property(fc.tuple(octet, octet, octet, octet), ([a, b, c, d]) => {
        const hex = [(a << 8) | b, (c << 8) | d].map((part) => part.toString(16));
        const dotted = [a, b, c, d].join('.');
        for (const form of [`::ffff:${dotted}`, `::FFFF:${hex.join(':')}`, `0:0:0:0:0:ffff:${hex.join(':')}`])
          expect(answer(form)).toEqual(answer(dotted));
      }),
    );
  });

  it('the answer is the same for all forms of one address of IPv6', () => {
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const full = groups.map((part) => part.toString(16).padStart(4, '0')).join(':');
        const short = groups.map((part) => part.toString(16)).join(':');
        const canonical = new URL(`http://[${full}]`).hostname.slice(1, -1);
        const [g = 0, h = 0] = groups.slice(6);
        const dotted = [
          ...groups.slice(0, 6).map((part) => part.toString(16)),
          [g >> 8, g & 255, h >> 8, h & 255].join('.'),
        ].join(':');
        for (const form of [short, short.toUpperCase(), canonical, dotted]) expect(answer(form)).toEqual(answer(full));
      }),
    );
  });
});
