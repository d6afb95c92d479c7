import { BlockList, type IPVersion, isIP, SocketAddress } from 'node:net';

/** A block of addresses, as `10.20.0.0/16` or `fd12:3456::/32` writes it. */
export interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: IPVersion;
}

/** Which addresses the fetcher may connect to. Both answers are no for what is no address. */
export interface AddressPolicy {
  /** It belongs to somebody on the internet, and to no machine, network or mechanism of this cluster or its cloud. */
  isPublic(address: string): boolean;
  /** Whoever runs the operator has listed a network that it is in. */
  isListed(address: string): boolean;
}

/** IPv4 that is not for everybody, or not one machine; from IANA's registry of special-purpose addresses, and metadata. */
const NOT_PUBLIC_V4: readonly string[] = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // shared by carriers; metadata of one cloud
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // the host of a virtual machine of Azure, in public space
  '169.254.0.0/16', // link-local; metadata of most clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // relays of 6to4
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/3', // multicast, reserved, broadcast
];

/** Of IPv6 only this much is handed out to anybody: everything else is closed, now and when it gets a meaning. */
const GLOBAL_UNICAST = '2000::/3';

/** Some of these carry an IPv4 address that somebody else connects to, and so would be a way around the list above. */
const NOT_PUBLIC_V6: readonly string[] = [
  '2001::/23', // protocol assignments, Teredo among them
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '3ffe::/16', // the former 6bone
  '3fff::/20', // documentation
];

/** Undefined for what is no network. One of mapped addresses is none: they are judged as the IPv4 addresses that they are. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', digits] = /^([0-9A-Fa-f.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const prefix = Number(digits);
  const family = familyOf(address);
  if (family === undefined || prefix > (family === 'ipv4' ? 32 : 128)) return undefined;
  return family === 'ipv6' && mappedIn(address) !== undefined ? undefined : { address, prefix, family };
}

/** Decides by the bits of an address alone: however it is written, the answer is the same. */
export function createAddressPolicy(listed: readonly Network[]): AddressPolicy {
  const global = createMatcher(known([GLOBAL_UNICAST]));
  const special = createMatcher(known([...NOT_PUBLIC_V4, ...NOT_PUBLIC_V6]));
  const allowed = createMatcher(listed);
  return {
    isPublic: (text) => {
      const address = readAddress(text);
      if (address === undefined) return false;
      return (address.family === 'ipv4' || global(address)) && !special(address);
    },
    isListed: (text) => {
      const address = readAddress(text);
      return address !== undefined && allowed(address);
    },
  };
}

interface Address {
  readonly text: string;
  readonly family: IPVersion;
}

/** ::ffff:127.0.0.1 is how a socket of IPv6 says 127.0.0.1. A zone (fe80::1%eth0) names a link, never the internet. */
function readAddress(text: string): Address | undefined {
  const family = familyOf(text);
  if (family === undefined) return undefined;
  const mapped = family === 'ipv6' ? mappedIn(text) : undefined;
  return mapped === undefined ? { text, family } : { text: mapped, family: 'ipv4' };
}

function familyOf(text: string): IPVersion | undefined {
  const version = text.includes('%') ? 0 : isIP(text);
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6';
}

function mappedIn(text: string): string | undefined {
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
}

/** A list for each family: one that holds both also finds IPv4 addresses in networks of IPv6. */
function createMatcher(networks: readonly Network[]): (address: Address) => boolean {
  const lists: Readonly<Record<IPVersion, BlockList>> = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { address, prefix, family } of networks) lists[family].addSubnet(address, prefix, family);
  return ({ text, family }) => lists[family].check(text, family);
}

function known(texts: readonly string[]): readonly Network[] {
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (network === undefined) throw new RangeError(`Cannot read network ${text}`);
    return network;
  });
}
