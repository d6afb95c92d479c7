import { join } from 'node:path';
import { type ClusterState, kubectlFor } from './cluster/state.ts';
import { bringUpCluster, takeDownCluster } from './cluster.ts';
import { createReadToken } from './forge/api.ts';
import { pushDirectory } from './forge/push.ts';
import type { ForgeAccess } from './forge/start.ts';
import { ensureForge, removeForge } from './forge.ts';
import { ensureImages } from './image.ts';
import { installApi } from './install-api.ts';
import type { Kubectl } from './lib/kubectl.ts';
import { CHECKOUT_DIR } from './lib/paths.ts';
import type { Report } from './lib/report.ts';
import { ensureOperator, type OperatorAccess, removeOperator } from './operator.ts';
import { ensurePostgres, removePostgres } from './postgres.ts';

/** Everything that demo and end-to-end tests run against, real and of this checkout alone. */
export interface Environment {
  readonly cluster: ClusterState;
  readonly kubectl: Kubectl;
  readonly forge: ForgeAccess;
  /** May read repositories and nothing else. */
  readonly forgeToken: string;
  readonly operator: OperatorAccess;
}

const TEMPLATES = ['claude-code-default', 'platform-agent'] as const;

/** Brings up whatever is not up: cluster, forge with our templates, Postgres, images, API and operator. */
export async function bringUpEnvironment(options: {
  readonly report: Report;
  readonly signal: AbortSignal;
}): Promise<Environment> {
  const { signal } = options;
  const [cluster, forge] = await Promise.all([bringUpCluster(options), ensureForge(options), ensurePostgres(options)]);
  const kubectl = kubectlFor(cluster);
  const [forgeToken] = await Promise.all([
    pushTemplates(forge, options).then(() => createReadToken(forge, signal)),
    ensureImages(cluster, options),
    installApi(kubectl),
  ]);
  const operator = await ensureOperator(cluster, options);
  return { cluster, kubectl, forge, forgeToken, operator };
}

/** Removes all of it; nothing is left but the cache of binaries. */
export async function takeDownEnvironment(options: { readonly report: Report }): Promise<void> {
  await removeOperator();
  await Promise.all([takeDownCluster(options), removeForge(), removePostgres()]);
}

async function pushTemplates(
  forge: ForgeAccess,
  { report, signal }: { readonly report: Report; readonly signal: AbortSignal },
): Promise<void> {
  for (const repository of TEMPLATES) {
    const directory = join(CHECKOUT_DIR, 'examples', 'templates', repository);
    const { commit, hasChanged } = await pushDirectory(forge, { repository, directory, signal });
    report(`Template ${repository}: revision ${commit.slice(0, 12)}${hasChanged ? ' pushed' : ''}`);
  }
}
