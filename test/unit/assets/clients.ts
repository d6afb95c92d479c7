import { createFluxClient, type FluxClient } from '../../../src/assets/fetch/flux-client.ts';
import type { ForgeClient } from '../../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../../src/assets/fetch/forge-client.ts';
import { LOOPBACK } from './loopback.ts';

/** What a store downloads with, against servers of the test. */
export function createClients(): { readonly forge: ForgeClient; readonly flux: FluxClient } {
  return { forge: createForgeClient({ addresses: LOOPBACK }), flux: createFluxClient({ addresses: LOOPBACK }) };
}
