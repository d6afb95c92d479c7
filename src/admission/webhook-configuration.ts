import { isDeepStrictEqual } from 'node:util';
import type { KubeClient } from '../kube/client.ts';
import { isNotFound } from '../kube/errors.ts';
import type { KubeObject, Resource } from '../kube/objects.ts';
import { WEBHOOK_PATH } from './deletion-webhook.ts';

/** Name of the configuration, and of the one webhook in it, as manifests/operator ships them. */
export const WEBHOOK_NAME = 'deletions.moleculesai.app';
export const WEBHOOK_SERVICE = 'molecule-operator-webhook';

/** Where the apiserver finds the webhook: the Service in the cluster, or an address outside. */
export type WebhookTarget =
  | { readonly url: string }
  | {
      readonly service: {
        readonly namespace: string;
        readonly name: string;
        readonly path: string;
        readonly port: number;
      };
    };

export const WEBHOOK_CONFIGURATIONS: Resource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural: 'validatingwebhookconfigurations',
  kind: 'ValidatingWebhookConfiguration',
  namespaced: false,
};
const KEY = { namespace: '', name: WEBHOOK_NAME };
const FIELD_MANAGER = 'molecule-operator-webhook';

interface Configuration extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly clientConfig: object;
  }[];
}

/** The target for an operator that is told its own address, or the Service's for one that is not. */
export function targetOf(url: string | undefined, namespace: string): WebhookTarget {
  return url === undefined
    ? { service: { namespace, name: WEBHOOK_SERVICE, path: WEBHOOK_PATH, port: 443 } }
    : { url: `${url}${WEBHOOK_PATH}` };
}

/** The names in the certificate that the apiserver will look for. */
export function hostsOf(target: WebhookTarget): readonly string[] {
  if ('service' in target) return [`${target.service.name}.${target.service.namespace}.svc`];
  return [new URL(target.url).hostname.replace(/^\[(.*)\]$/, '$1')];
}

/**
 * Lets the apiserver call the webhook at its target and trust the bundle. Writes only where it does not yet. Returns false where
 * the configuration is not installed: it decides what is asked about, so that the operator never makes one.
 */
export async function trustWebhook(
  client: KubeClient,
  { target, bundle, signal }: { readonly target: WebhookTarget; readonly bundle: string; readonly signal: AbortSignal },
): Promise<boolean> {
  const configuration = await client
    .get<Configuration>(WEBHOOK_CONFIGURATIONS, KEY, { signal })
    .catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  const index = configuration?.webhooks?.findIndex(({ name }) => name === WEBHOOK_NAME) ?? -1;
  const current = configuration?.webhooks?.[index]?.clientConfig;
  if (current === undefined) return false;
  const wanted = { ...target, caBundle: Buffer.from(bundle).toString('base64') };
  if (isDeepStrictEqual(current, wanted)) return true;
  // As a whole: an address and a Service exclude each other. The test keeps it from another webhook that came before it.
  const path = `/webhooks/${index}`;
  await client.patch(
    WEBHOOK_CONFIGURATIONS,
    KEY,
    [
      { op: 'test', path: `${path}/name`, value: WEBHOOK_NAME },
      { op: 'replace', path: `${path}/clientConfig`, value: wanted },
    ],
    { fieldManager: FIELD_MANAGER, signal },
  );
  return true;
}
