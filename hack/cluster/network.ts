import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../lib/files.ts';
import { run, runOrThrow } from '../lib/run.ts';
import type { ClusterLayout } from './layout.ts';

const routesSchema = z.array(z.object({ dst: z.string(), dev: z.string().optional() }));

const CANDIDATES = 64;

/**
 * The third of the Pod addresses' numbers: `10.A.B`. Derived from the checkout's name, so that it stays the same;
 * moved on where a route of the machine already leads elsewhere.
 */
export async function pickSubnet(layout: ClusterLayout, signal?: AbortSignal): Promise<string> {
  const routes = routesSchema.parse(
    JSON.parse(await runOrThrow('ip', ['-json', '-4', 'route', 'show', 'table', 'all'], { signal })),
  );
  const taken = routes.filter(({ dev }) => dev !== layout.bridge).map(({ dst }) => dst);
  for (const subnet of subnetCandidates(layout.name)) {
    if (!taken.some((destination) => overlaps(destination, subnet))) return subnet;
  }
  throw new Error('Cannot find a network for Pods: routes of this machine cover all candidates in 10.64.0.0/10');
}

/** Subnets to try, in this order. Exported for its test. */
export function subnetCandidates(name: string): readonly string[] {
  const digest = createHash('sha256').update(name).digest();
  const start = digest.readUInt16BE(0);
  return Array.from({ length: CANDIDATES }, (_, index) => {
    const number = (start + index * 257) % (64 * 256);
    return `10.${64 + Math.floor(number / 256)}.${number % 256}`;
  });
}

/** True when a route's destination and the /24 share an address; the default route does not count. Exported for its test. */
export function overlaps(destination: string, subnet: string): boolean {
  const [address = '', length = '32'] = destination.split('/');
  if (!/^[\d.]+$/.test(address)) return false;
  const bits = Math.min(Number(length), 24);
  return bits > 0 && prefix(address, bits) === prefix(`${subnet}.0`, bits);
}

function prefix(address: string, bits: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / 2 ** (32 - bits));
}

/** Puts up the bridge with the gateway's address, so that programs of the machine can listen there before the first Pod. */
export async function ensureBridge(layout: ClusterLayout, gateway: string, signal?: AbortSignal): Promise<void> {
  await removeBridge(layout);
  await runOrThrow('ip', ['link', 'add', layout.bridge, 'type', 'bridge'], { signal });
  await runOrThrow('ip', ['address', 'add', `${gateway}/24`, 'dev', layout.bridge], { signal });
  await runOrThrow('ip', ['link', 'set', layout.bridge, 'up'], { signal });
}

export async function removeBridge(layout: ClusterLayout): Promise<void> {
  if ((await run('ip', ['link', 'show', layout.bridge])).code !== 0) return;
  await runOrThrow('ip', ['link', 'delete', layout.bridge]);
}

/** Directory of the CNI configuration: one bridge, addresses from the subnet, no masquerading, so nothing in iptables. */
export async function writeCniConfig(layout: ClusterLayout, subnet: string): Promise<string> {
  const confDir = join(layout.cniDir, 'net.d');
  const config = {
    cniVersion: '0.4.0',
    name: layout.name,
    plugins: [
      {
        type: 'bridge',
        bridge: layout.bridge,
        isGateway: true,
        // A Pod may reach itself by the address it is known by.
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: join(layout.cniDir, 'addresses'),
          ranges: [[{ subnet: `${subnet}.0/24`, gateway: `${subnet}.1` }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
  await writeAtomically(join(confDir, '10-bridge.conflist'), JSON.stringify(config, undefined, 2));
  return confDir;
}
