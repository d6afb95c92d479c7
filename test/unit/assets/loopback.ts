import { type AddressPolicy, createAddressPolicy, type Network } from '../../../src/assets/fetch/address-policy.ts';
import { hostOf } from '../../../src/assets/fetch/allowed-hosts.ts';
import { ForgeCredential } from '../../../src/assets/fetch/forge-credential.ts';

const NETWORK: Network = { address: '127.0.0.0', prefix: 8, family: 'ipv4' };

/** Lets the fetcher reach the servers of a test, as `--forge-networks 127.0.0.0/8` does. */
export const LOOPBACK: AddressPolicy = createAddressPolicy([NETWORK]);

/** A token that was made for the hosts of these addresses. */
export function credentialFor(token: string, ...addresses: readonly string[]): ForgeCredential {
  return new ForgeCredential(token, new Set(addresses.map((address) => hostOf(new URL(address)))));
}
