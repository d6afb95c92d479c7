/**
 * `node hack/run.ts`: the operator of this checkout, on this machine, for the cluster of the current context, until Ctrl-C. CRDs,
 * policies and RBAC are made there when they are missing. It acts with its ServiceAccount's token, as it does in the
 * cluster; one that runs there keeps the lead until it is scaled down.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from '../src/apis/v1alpha1/names.ts';
import { ensureBinary } from './binaries.ts';
import { readCluster } from './cluster/state.ts';
import { IMAGES } from './image.ts';
import { installApi } from './install-api.ts';
import { findProgram, writeAtomically } from './lib/files.ts';
import { createKubectl, type Kubectl } from './lib/kubectl.ts';
import { runMain } from './lib/main.ts';
import { CHECKOUT_DIR, DEV_DIR } from './lib/paths.ts';
import { reportToStdout } from './lib/report.ts';
import { runOrThrow } from './lib/run.ts';
import { openServiceAccount } from './lib/service-account.ts';
import { ensurePostgres } from './postgres.ts';
import { ensureWebhook, handBackWebhook } from './webhook.ts';

const BUNDLE = join(CHECKOUT_DIR, 'dist', 'operator.mjs');

const ASSETS_PORT = 8443;
const WEBHOOK_PORT = 9443;

interface Settings {
  readonly assetServerUrl: string;
  /** Where the apiserver of that cluster reaches this machine; without it deletions are unattributed. */
  readonly webhookUrl: string;
  readonly programImage: string;
  readonly forgeNetworks: string;
  readonly ledgerURL: string;
}

async function main(signal: AbortSignal): Promise<void> {
  const program = new Command('run')
    .description('The operator of this checkout for the cluster of the current context, until Ctrl-C')
    .option(
      '--asset-server-url <url>',
      'where Pods of that cluster reach this machine; without it no template is delivered',
    )
    .option(
      '--webhook-url <url>',
      'where the apiserver of that cluster reaches this machine; without it nobody knows who asks for a deletion',
    )
    .option('--program-image <image>', 'image of these programs that the cluster can pull')
    .option('--forge-networks <cidr,…>', 'networks of forges that are not on the internet')
    .addHelpText(
      'after',
      '\nEnvironment: KUBECONFIG, LEDGER_URL (without it nothing is ever deleted). With the development cluster of this checkout\n(KUBECONFIG=.dev/kubeconfig) all of it is found.',
    )
    .parse();
  const { assetServerUrl, webhookUrl, programImage, forgeNetworks, ledgerURL }: Partial<Settings> = {
    ...(await findOwnCluster(signal)),
    ...(process.env.LEDGER_URL === undefined ? {} : { ledgerURL: process.env.LEDGER_URL }),
    ...program.opts<Partial<Settings>>(),
  };
  const dir = join(DEV_DIR, 'run');
  let handBack = async (): Promise<void> => undefined;
  await mkdir(dir, { recursive: true });
  try {
    const kubectl = await openCurrentContext(dir, signal);
    await ensureInstalled(kubectl, signal);
    const { kubeconfig } = await openServiceAccount({
      kubectl,
      namespace: OPERATOR_NAMESPACE,
      name: OPERATOR_SERVICE_ACCOUNT,
      dir,
      signal,
    });
    const port = assetServerUrl === undefined ? undefined : portOf(assetServerUrl);
    if (webhookUrl !== undefined) {
      await ensureWebhook(kubectl, signal);
      handBack = () => handBackWebhook(kubectl);
    }
    const args = [
      ...['--kubeconfig', kubeconfig, '--metrics-address', '127.0.0.1:8080', '--store-dir', join(DEV_DIR, 'store')],
      ...['--asset-server-address', port === undefined ? `127.0.0.1:${ASSETS_PORT}` : `0.0.0.0:${port}`],
      ...(webhookUrl === undefined
        ? ['--webhook-address', `127.0.0.1:${WEBHOOK_PORT}`]
        : ['--webhook-address', `0.0.0.0:${portOf(webhookUrl)}`, '--webhook-url', webhookUrl]),
      ...(assetServerUrl === undefined ? [] : ['--asset-server-url', assetServerUrl]),
      ...(programImage === undefined ? [] : ['--program-image', programImage]),
      ...(forgeNetworks === undefined ? [] : ['--forge-networks', forgeNetworks]),
    ];
    const operator = spawn(process.execPath, ['--max-semi-space-size=2', BUNDLE, ...args], {
      stdio: 'inherit',
      // Ctrl-C reaches the whole group of the terminal; a second signal would cut it off.
      detached: true,
      env: { ...process.env, ...(ledgerURL === undefined ? {} : { LEDGER_URL: ledgerURL }) },
    });
    signal.addEventListener('abort', () => operator.kill('SIGTERM'), { once: true });
    const [code] = await once(operator, 'exit');
    process.exitCode = typeof code === 'number' ? code : 1;
  } finally {
    // The kubeconfigs hold credentials.
    await handBack().finally(() => rm(dir, { recursive: true, force: true }));
  }
}

async function openCurrentContext(dir: string, signal: AbortSignal): Promise<Kubectl> {
  const kubectl = (await findProgram('kubectl')) ?? (await ensureBinary('kubectl', { signal }));
  const view = ['config', 'view', '--minify', '--flatten', '--raw'];
  const file = join(dir, 'kubeconfig');
  await writeAtomically(file, await runOrThrow(kubectl, view, { action: 'read the current context', signal }), 0o600);
  return createKubectl(kubectl, file);
}

async function ensureInstalled(kubectl: Kubectl, signal: AbortSignal): Promise<void> {
  const installed = await kubectl.run(['get', 'crd', 'orgs.moleculesai.app', '-o', 'name'], { signal });
  if (installed.code === 0) return;
  if (!installed.stderr.includes('NotFound'))
    throw new Error(`Cannot run the operator for this cluster: ${installed.stderr.trim()}`);
  reportToStdout('Installing CRDs, policies and RBAC');
  await installApi(kubectl);
}

/** What is known of the development cluster of this checkout, when the current context is that. */
async function findOwnCluster(signal: AbortSignal): Promise<Partial<Settings>> {
  const cluster = await readCluster();
  const current = process.env.KUBECONFIG;
  if (cluster?.hostAddress === undefined || current === undefined || resolve(current) !== cluster.kubeconfig) return {};
  return {
    assetServerUrl: `http://${cluster.hostAddress}:${ASSETS_PORT}`,
    webhookUrl: `https://${cluster.hostAddress}:${WEBHOOK_PORT}`,
    programImage: IMAGES.operator,
    forgeNetworks: '127.0.0.0/8',
    ledgerURL: await ensurePostgres({ report: reportToStdout, signal }),
  };
}

function portOf(url: string): number {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.port === '') throw new Error(`Cannot use ${url}: write http://HOST:PORT`);
  return Number(parsed.port);
}

if (import.meta.main) await runMain(main);
