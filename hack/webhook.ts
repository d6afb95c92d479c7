import { join } from 'node:path';
import type { Kubectl } from './lib/kubectl.ts';
import { CHECKOUT_DIR } from './lib/paths.ts';

const FILE = join(CHECKOUT_DIR, 'manifests', 'operator', 'webhook-configuration.yaml');

/**
 * The configuration of the deletion webhook, for an operator that runs outside the cluster and puts its own address in. One that is
 * there stays as it is, because an apply would name the Service beside that address, which is refused.
 */
export async function ensureWebhook(kubectl: Kubectl, signal?: AbortSignal): Promise<void> {
  const found = await kubectl.run(['get', '-f', FILE, '-o', 'name'], { signal });
  if (found.code !== 0) await kubectl.must(['apply', '--server-side', '-f', FILE], { signal });
}

/** As it was shipped, for the operators in the cluster, which put their certificate in. */
export async function handBackWebhook(kubectl: Kubectl): Promise<void> {
  await kubectl.must(['replace', '-f', FILE]);
}
