import { ANNOTATIONS, FIELD_MANAGERS, LEDGER_LEASE, OPERATOR_NAMESPACE } from '../apis/v1alpha1/names.ts';
import { LEASES } from '../apis/v1alpha1/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/errors.ts';
import type { KubeObject } from '../kube/objects.ts';
import { RefusedError } from '../runtime/classify.ts';
import type { AuditHead } from './audit/chain.ts';
import type { HeadMemory, RememberedHead } from './head-keeper.ts';

const KEY = { namespace: OPERATOR_NAMESPACE, name: LEDGER_LEASE };

/** The head of the ledger in an annotation of a Lease. Deleting the Lease makes the cluster accept whatever ledger there is. */
export class LeaseMemory implements HeadMemory {
  readonly #client: Pick<KubeClient, 'get' | 'create' | 'patch'>;

  constructor(client: Pick<KubeClient, 'get' | 'create' | 'patch'>) {
    this.#client = client;
  }

  async recall(signal: AbortSignal): Promise<RememberedHead | undefined> {
    try {
      const { metadata } = await this.#client.get(LEASES, KEY, { signal });
      const head = parseHead(metadata.annotations?.[ANNOTATIONS.ledgerHead]);
      return { head, resourceVersion: metadata.resourceVersion ?? '' };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async remember(head: AuditHead, over: RememberedHead | undefined, signal: AbortSignal): Promise<boolean> {
    const options = { fieldManager: FIELD_MANAGERS.ledger, signal };
    const annotations = { [ANNOTATIONS.ledgerHead]: `${head.seq}:${head.hash}` };
    try {
      if (over === undefined) {
        const apiVersion = `${LEASES.group}/${LEASES.version}`;
        const lease: KubeObject = { apiVersion, kind: LEASES.kind, metadata: { ...KEY, annotations } };
        await this.#client.create(LEASES, lease, options);
      } else {
        const { resourceVersion } = over;
        await this.#client.patch(LEASES, KEY, { metadata: { resourceVersion, annotations } }, options);
      }
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error) || isNotFound(error)) return false;
      throw error;
    }
  }
}

/** What cannot be read is no leave to go on: somebody has tampered with it. */
export function parseHead(text: string | undefined): AuditHead {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text ?? '');
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new RefusedError(
      `Cannot read what the cluster remembers of the ledger; nothing is destroyed until an administrator has looked at Lease "${LEDGER_LEASE}" in ${OPERATOR_NAMESPACE}`,
      { reason: 'LedgerFrozen' },
    );
  }
  return { seq: Number(match[1]), hash: match[2] };
}
