import { isAscii } from 'node:buffer';
import type { FetchErrorCode } from '../../../src/assets/fetch/forge.ts';
import type { SeededRandom } from '../../unit/faults/random.ts';
import { FORGE, type Names, SECOND } from './scene.ts';

/** One way to lead the fetcher astray. PORT is that of forge and sink. */
export interface Attack {
  readonly what: string;
  readonly baseURL: string;
  readonly names?: Names;
  readonly locations?: readonly string[];
  readonly expected: FetchErrorCode | 'delivered';
}

/** 127.0.0.1 and ::1, as nobody would write them who means no harm. */
const LOOPBACK: readonly string[] = [
  ...['127.0.0.1', '127.0.1', '127.1', '127.0.0.1.', '127.1.', '127.127.127.127', '127.000.000.001'],
  ...['2130706433', '017700000001', '0x7f000001', '0x7F000001', '0x7f.0x0.0x0.0x1', '0x7f.1', '0177.0.0.1', '0177.1'],
  ...['00000000177.0.0.1', '0x7f.0.1', '0177.0x0.1', '127.0x1', '127.0.0.1%2e', '%31%32%37.0.0.1'],
  ...['１２７.０.０.１', '127。0。0。1', '①②⑦.⓪.⓪.①', '127．0．0．1'],
  ...['0', '0.0.0.0', '0x0', '00', '0.0'],
  ...[
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[0000::0001]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::FFFF:7F00:0001]',
  ],
  ...['[0:0:0:0:0:ffff:127.0.0.1]', '[::127.0.0.1]', '[::ffff:0:7f00:1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]'],
  ...['[2001:0:7f00:1::]', '[::ffff:0:0]'],
];

/** What a cluster and its cloud have to hide, with the ports that they have it on. */
const INSIDE: readonly string[] = [
  ...[
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '0251.0376.0251.0376',
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
  ],
  ...['100.100.100.200', '168.63.129.16', '192.0.0.192', '[fd00:ec2::254]', '169.254.170.2', '[fe80::a9fe:a9fe]'],
  ...[
    '10.96.0.1:443',
    '10.96.0.10:53',
    '10.0.0.1:6443',
    '10.244.0.7:10250',
    '192.168.1.1',
    '172.16.0.1:2379',
    '172.31.255.255',
  ],
  ...[
    '127.0.0.1:6443',
    '127.0.0.1:10250',
    '127.0.0.1:2379',
    '127.0.0.1:5432',
    '[::1]:10255',
    '100.64.0.1',
    '198.18.0.1',
  ],
  ...['255.255.255.255', '224.0.0.1', '[ff02::1]', '[fc00::1]', '[fec0::1]', '[2001:db8::1]'],
];

const PUBLIC = ['93.184.216.34', '2606:2800:220:1::1'];

/** What a name may mean on the one look that decides. */
const ANSWERS: readonly (readonly [what: string, addresses: readonly string[]])[] = [
  ['loopback', ['127.0.0.1']],
  ['loopback of IPv6', ['::1']],
  ['both', ['::1', '127.0.0.1']],
  ['mapped loopback', ['::ffff:127.0.0.1']],
  ['any address', ['0.0.0.0']],
  ['a public address and loopback', [...PUBLIC, '127.0.0.1']],
  ['loopback and a public address', ['127.0.0.1', ...PUBLIC]],
  ['a listed address and loopback', [FORGE, '127.0.0.1']],
  ['loopback and a listed address', ['::1', FORGE]],
  ['a listed address and metadata', [FORGE, '169.254.169.254']],
  ['a Service', ['10.96.0.1']],
  ['NAT64', ['64:ff9b::7f00:1']],
  ['a link', ['fe80::1%lo']],
];

const NAMES: readonly string[] = [
  '127.0.0.1.nip.io',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'rebind.example',
  'git.acme.svc',
];

const REFUSED_LOCATIONS: readonly (readonly [location: string, expected: FetchErrorCode])[] = [
  ...LOOPBACK.flatMap((host) => {
    // A header has no letters but ASCII's: of others nobody knows what they are.
    const expected = isAscii(Buffer.from(host)) ? 'AddressRefused' : 'RedirectRefused';
    return [[`http://${host}:PORT/`, expected] as const, [`https://${host}:PORT/`, expected] as const];
  }),
  ...INSIDE.map((host) => [`http://${host}/latest/meta-data/`, 'AddressRefused'] as const),
  ['//127.0.0.1:PORT/', 'AddressRefused'],
  ['\\\\127.0.0.1:PORT\\', 'AddressRefused'],
  ['/\\127.0.0.1:PORT/', 'AddressRefused'],
  [' http://127.0.0.1:PORT/', 'AddressRefused'],
  ['HTTP://127.0.0.1:PORT/', 'AddressRefused'],
  ['http:\\\\127.0.0.1:PORT', 'AddressRefused'],
  [`http://93.184.216.34/`, 'AddressRefused'],
  ['file:///etc/passwd', 'RedirectRefused'],
  ['file://127.0.0.1:PORT/etc/passwd', 'RedirectRefused'],
  ['ftp://127.0.0.1:PORT/', 'RedirectRefused'],
  ['gopher://127.0.0.1:PORT/_GET', 'RedirectRefused'],
  ['ws://127.0.0.1:PORT/', 'RedirectRefused'],
  ['data:application/gzip;base64,H4sI', 'RedirectRefused'],
  ['blob:http://127.0.0.1:PORT/1', 'RedirectRefused'],
  ['javascript:alert(1)', 'RedirectRefused'],
  ['unix:/var/run/docker.sock', 'RedirectRefused'],
  ['http://a@127.0.0.1:PORT/', 'RedirectRefused'],
  [`http://${FORGE}:PORT@127.0.0.1:PORT/`, 'RedirectRefused'],
  [`http://user:secret@${FORGE}:PORT/`, 'RedirectRefused'],
  ['http://', 'RedirectRefused'],
  ['http://127.0.0.1:99999/', 'RedirectRefused'],
  ['http://[::1/', 'RedirectRefused'],
  ['http://[fe80::1%25lo]:PORT/', 'RedirectRefused'],
];

const NO_ADDRESSES: readonly string[] = [
  ...[
    'http://a@127.0.0.1:PORT',
    `http://${FORGE}:PORT@127.0.0.1:PORT`,
    'http://127.0.0.1:PORT/?x',
    'http://127.0.0.1:PORT/#x',
  ],
  ...[
    'file:///etc/passwd',
    'gopher://127.0.0.1:PORT',
    'http://[fe80::1%25lo]:PORT',
    'http://127.0.0.1:99999',
    '//127.0.0.1',
  ],
];

const forge = `http://${FORGE}:PORT`;

/** The table: every trick once. */
export const ATTACKS: readonly Attack[] = [
  ...['http', 'https'].flatMap((protocol): readonly Attack[] => [
    ...LOOPBACK.map((host) => direct(`${protocol}://${host}:PORT`)),
    ...INSIDE.map((host) => direct(`${protocol}://${host}`)),
    ...ANSWERS.flatMap(([what, addresses]) =>
      ['rebind.example', '127.0.0.1.nip.io'].map((name) => named(`${protocol}://${name}:PORT`, what, addresses)),
    ),
    ...NAMES.map((name) => named(`${protocol}://${name}:PORT`, 'loopback', ['127.0.0.1'])),
  ]),
  named('http://public.example:PORT', 'a public address, in the clear', PUBLIC),
  direct('http://93.184.216.34'),
  ...NO_ADDRESSES.map((baseURL): Attack => ({ what: `base ${baseURL}`, baseURL, expected: 'InvalidSource' })),
  ...REFUSED_LOCATIONS.map(([location, expected]) => redirect([location], expected)),
  ...[1, 2].map((hops) =>
    redirect([...Array<string>(hops).fill('/again'), 'http://127.0.0.1:PORT/'], 'AddressRefused'),
  ),
  redirect([`http://${SECOND}:PORT/x`, 'http://169.254.169.254/'], 'AddressRefused'),
  redirect(Array<string>(4).fill('/again'), 'RedirectRefused'),
  redirect(['/again', '/again', '/again'], 'delivered'),
  // One slash: a path of the forge itself.
  redirect(['http:/127.0.0.1:PORT/'], 'delivered'),
  redirect([`http://${SECOND}:PORT/x`], 'delivered'),
  redirect([`http://${SECOND}:PORT/x`, `http://${FORGE}:PORT/back`], 'delivered'),
  redirect([`http://${SECOND}:PORT/x`, '/y', `http://${FORGE}:PORT/back`], 'delivered'),
  ...['127.0.0.1', '::1', '169.254.169.254'].flatMap((address): readonly Attack[] => [
    {
      what: `a name that is at a listed address first and then at ${address}, asked again after a redirect`,
      baseURL: 'http://rebind.example:PORT',
      names: { 'rebind.example': [[FORGE], [address]] },
      locations: ['/again'],
      expected: 'AddressRefused',
    },
    {
      what: `a redirect to a name that is at ${address}`,
      baseURL: forge,
      names: { 'elsewhere.example': [[address]] },
      locations: ['http://elsewhere.example:PORT/'],
      expected: 'AddressRefused',
    },
  ]),
  {
    what: 'a name whose first answer counts, although the second would be another',
    baseURL: 'http://rebind.example:PORT',
    names: { 'rebind.example': [[FORGE], ['127.0.0.1']] },
    expected: 'delivered',
  },
];

function direct(baseURL: string): Attack {
  return { what: `base ${baseURL}`, baseURL, expected: 'AddressRefused' };
}

function named(baseURL: string, what: string, addresses: readonly string[]): Attack {
  const { hostname } = new URL(baseURL.replace('PORT', '1'));
  return {
    what: `${baseURL}, which is at ${what}`,
    baseURL,
    names: { [hostname]: [addresses] },
    expected: 'AddressRefused',
  };
}

function redirect(locations: readonly string[], expected: Attack['expected']): Attack {
  return { what: `redirects to ${locations.join(' and ')}`, baseURL: forge, locations, expected };
}

/** Another address of a private network, in another spelling, on another way: drawn, for as long as somebody wants more. */
export function drawAttack(random: SeededRandom): Attack {
  const octet = (): number => random.between(0, 255);
  const address = random.pick<readonly number[]>([
    [127, octet(), octet(), random.between(4, 255)],
    [10, octet(), octet(), octet()],
    [172, random.between(16, 31), octet(), octet()],
    [192, 168, octet(), octet()],
    [169, 254, octet(), octet()],
    [100, random.between(64, 127), octet(), octet()],
    [random.between(224, 255), octet(), octet(), octet()],
  ]);
  const dotted = address.join('.');
  const protocol = random.pick(['http', 'https']);
  const names: Names = { 'drawn.example': [random.pick([[dotted], [FORGE, dotted], [dotted, FORGE]])] };
  const byAddress = `${protocol}://${spell(address, random)}:PORT`;
  const byName = `${protocol}://drawn.example:PORT`;
  const hops = Array<string>(random.between(0, 2)).fill('/again');
  return random.pick<Attack>([
    direct(byAddress),
    { ...direct(byName), what: `${byName}, which is at ${dotted}`, names },
    redirect([...hops, `${byAddress}/`], 'AddressRefused'),
    { ...redirect([...hops, `${byName}/`], 'AddressRefused'), names },
  ]);
}

/** One of the ways to write an IPv4 address that a URL knows. */
function spell(octets: readonly number[], random: SeededRandom): string {
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  const number = (value: number): string =>
    random.pick([String(value), `0${value.toString(8)}`, `0x${value.toString(16)}`, `0X000${value.toString(16)}`]);
  const last = c * 256 + d;
  const hex = [a * 256 + b, last].map((part) => part.toString(16)).join(':');
  return random.pick([
    number(a * 2 ** 24 + b * 2 ** 16 + last),
    `${number(a)}.${number(b * 2 ** 16 + last)}`,
    `${number(a)}.${number(b)}.${number(last)}`,
    octets.map(number).join('.'),
    `[::ffff:${hex}]`,
    `[64:ff9b::${hex}]`,
  ]);
}
