import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from '../../src/apis/v1alpha1/names.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { openKubeClient } from '../../src/kube/open-client.ts';
import { type BenchOperator, startOperator, waitUntilSynced } from '../bench/operator.ts';
import { runReadier } from '../bench/readier.ts';
import { startControlPlane } from '../control-plane.ts';
import { installApi } from '../install-api.ts';
import type { Kubectl } from '../lib/kubectl.ts';
import { CHECKOUT_DIR } from '../lib/paths.ts';
import type { Report } from '../lib/report.ts';
import { openServiceAccount } from '../lib/service-account.ts';
import { type RunningPostgres, startPostgres } from '../postgres/start.ts';
import type { Identity } from './attempt.ts';
import { openPeople } from './people.ts';

const WEBHOOK_MANIFEST = join(CHECKOUT_DIR, 'manifests', 'operator', 'webhook-configuration.yaml');

/** A cluster without nodes, its ledger, its operator, and everybody who attacks it. */
export interface Arena {
  readonly kubectl: Readonly<Record<Identity, Kubectl>>;
  /** With all rights, to look. */
  readonly client: KubeClient;
  /** With the operator's own credentials, to set the stage with what only it may write. */
  readonly operatorClient: KubeClient;
  readonly postgres: RunningPostgres;
  readonly operators: Operators;
  readonly signal: AbortSignal;
}

/** The operator's processes: `first` is there from the beginning. */
export interface Operators {
  stop(): Promise<void>;
  /** Starts it again, or a second one beside it. */
  start(name?: 'first' | 'second'): Promise<void>;
}

/** Starts everything, about fifteen seconds, and ends all of it whatever happens. */
export async function withArena<T>(
  options: { readonly dir: string; readonly report: Report; readonly signal: AbortSignal },
  use: (arena: Arena) => Promise<T>,
): Promise<T> {
  const { dir, report, signal } = options;
  await rm(dir, { recursive: true, force: true });
  const abort = new AbortController();
  const ending = AbortSignal.any([signal, abort.signal]);
  const stops: (() => Promise<void>)[] = [async () => abort.abort()];
  try {
    const [controlPlane, postgres] = await Promise.all([
      startControlPlane({ dir: join(dir, 'control-plane'), hasControllerManager: true, report, signal }).then(
        (started) => {
          stops.push(started.stop);
          return started;
        },
      ),
      startPostgres({ dir: join(dir, 'postgres'), report, signal }).then((started) => {
        stops.push(started.remove);
        return started;
      }),
    ]);
    await installApi(controlPlane.kubectl, signal);
    // Records who deletes; the operator writes its own address into it.
    await controlPlane.kubectl.must(['apply', '--server-side', '-f', WEBHOOK_MANIFEST], { signal });
    const [kubectl, access] = await Promise.all([
      openPeople(controlPlane),
      openServiceAccount({
        kubectl: controlPlane.kubectl,
        namespace: OPERATOR_NAMESPACE,
        name: OPERATOR_SERVICE_ACCOUNT,
        dir,
      }),
    ]);
    const { client } = openKubeClient({ kubeconfig: controlPlane.adminKubeconfig, userAgent: 'attack' });
    const { client: operatorClient } = openKubeClient({ kubeconfig: access.kubeconfig, userAgent: 'attack' });
    runReadier(client, ending).catch((error: unknown) => abort.abort(error));
    const operators = createOperators({
      dir,
      kubeconfig: access.kubeconfig,
      ledgerURL: postgres.access.url,
      signal: ending,
    });
    stops.push(operators.stop);
    await operators.start();
    return await use({ kubectl, client, operatorClient, postgres, operators, signal: ending });
  } finally {
    // What was started last ends first, so that nobody misses what it needs.
    for (const stop of stops.toReversed()) await stop();
  }
}

function createOperators(options: {
  readonly dir: string;
  readonly kubeconfig: string;
  readonly ledgerURL: string;
  readonly signal: AbortSignal;
}): Operators {
  const running = new Map<string, BenchOperator>();
  return {
    start: async (name = 'first') => {
      const operator = await startOperator({ ...options, dir: join(options.dir, name) });
      running.set(name, operator);
      await waitUntilSynced(operator).catch((error: unknown) => {
        // Tells what the operator said, where an aborted wait tells only that it was aborted.
        operator.signal.throwIfAborted();
        throw error;
      });
    },
    stop: async () => {
      const all = [...running.values()];
      running.clear();
      await Promise.all(all.map((operator) => operator.stop()));
    },
  };
}
