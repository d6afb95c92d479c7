import { CertificateKeeper } from '../../admission/certificate-keeper.ts';
import { createDeletionWebhook } from '../../admission/deletion-webhook.ts';
import { targetOf } from '../../admission/webhook-configuration.ts';
import { OPERATOR_NAMESPACE } from '../../apis/v1alpha1/names.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Ledger } from '../../ledger/port.ts';
import type { Clock } from '../../platform/clock.ts';
import { coerceError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import type { Leadership } from '../../runtime/leader-election.ts';
import type { OperatorConfig } from './config.ts';

export interface WebhookOptions {
  readonly client: KubeClient;
  readonly ledger: Pick<Ledger, 'addAsker'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leadership: Leadership;
}

/**
 * Serves the deletion webhook and keeps its certificate until the signal. Where it cannot listen it says so and the operator
 * goes on: deletions are then unattributed, which weakens nothing.
 */
export async function runWebhook(
  { webhook: address, webhookURL }: Pick<OperatorConfig, 'webhook' | 'webhookURL'>,
  { client, ledger, clock, log, leadership }: WebhookOptions,
  signal: AbortSignal,
): Promise<void> {
  const { app, use } = createDeletionWebhook({
    ledger,
    clock,
    onError: (error) => log.warn({ reason: error.message }, 'An asker was not recorded'),
  });
  const target = targetOf(webhookURL, OPERATOR_NAMESPACE);
  const keeper = new CertificateKeeper({ client, clock, log, target, leadership, onPair: use });
  try {
    await app.listen(address);
    await keeper.run(signal);
  } catch (error) {
    log.error({ reason: coerceError(error).message }, 'The deletion webhook does not listen');
  } finally {
    await app.close();
  }
}
