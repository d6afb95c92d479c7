import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { OPERATOR_NAMESPACE } from '../../apis/v1alpha1/names.ts';
import { type Network, parseNetwork } from '../../assets/fetch/address-policy.ts';
import { coerceError } from '../../platform/errors.ts';
import { parseQuantity } from '../../rules/quantity.ts';
import type { TierSizes } from '../../rules/tier.ts';
import { readTierSizes } from './tier-sizes.ts';

export interface OperatorConfig {
  readonly kubeconfig?: string;
  /** Where the asset server listens. */
  readonly assetServer: Address;
  /** Where Pods reach it. */
  readonly assetServerURL: string;
  /** Where /metrics, /healthz and /readyz are served. */
  readonly metrics: Address;
  /** Where the deletion webhook listens. */
  readonly webhook: Address;
  /** Where the apiserver reaches it, for an operator outside the cluster. Undefined: through the Service. */
  readonly webhookURL?: string;
  /** Image of our own programs, for the init container. */
  readonly programImage: string;
  readonly storeDir: string;
  /** How much may lie in it. */
  readonly storeBytes: number;
  /** Where forges may be that are not on the internet, and the only ones that are spoken to by http. */
  readonly forgeNetworks: readonly Network[];
  /** Undefined: this process acts without asking whether another does. */
  readonly leaderElection?: { readonly namespace: string };
  /** The only place where this process runs; no two run in it at once. */
  readonly instance?: string;
  /** The Pod that is labelled while it leads. */
  readonly podName?: string;
  readonly workers: number;
  readonly ledgerConnections: number;
  readonly logLevel: string;
  /** Undefined: there is no ledger, so nothing is ever destroyed. */
  readonly ledgerURL?: string;
  readonly tierSizes: TierSizes;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

interface Options {
  readonly kubeconfig?: string;
  readonly assetServerAddress: Address;
  readonly assetServerUrl: string;
  readonly metricsAddress: Address;
  readonly webhookAddress: Address;
  readonly webhookUrl?: string;
  readonly programImage: string;
  readonly storeDir: string;
  readonly storeBytes: number;
  readonly forgeNetworks: readonly Network[];
  readonly leaderElect: boolean;
  readonly leaderElectionNamespace: string;
  readonly instance?: string;
  readonly podName?: string;
  readonly workers: number;
  readonly ledgerConnections: number;
  readonly logLevel: string;
}

/** One template of the usual limit while it is downloaded. */
const SMALLEST_STORE_BYTES = 64 * 2 ** 20;

/** Reads flags and environment once. Bad ones end the process with exit code 2 and a line that says what is valid. */
export function readConfig(argv: readonly string[], env: NodeJS.ProcessEnv): OperatorConfig {
  const program = new Command('operator')
    .description('Keeps Orgs, Workspaces and TemplateAssets of a cluster as they are declared.')
    .option('--kubeconfig <file>', 'how to reach the cluster; inside a Pod its ServiceAccount is used')
    .addOption(addressOption('--asset-server-address <host:port>', 'where the asset server listens', '0.0.0.0:8443'))
    .option(
      '--asset-server-url <url>',
      'where Pods reach the asset server',
      parseURL,
      'http://molecule-operator.molecule-system.svc:8443',
    )
    .addOption(
      addressOption('--metrics-address <host:port>', 'where /metrics, /healthz and /readyz are served', '0.0.0.0:8080'),
    )
    .addOption(
      addressOption(
        '--webhook-address <host:port>',
        'where the apiserver asks this about deletions, to know who wants them',
        '0.0.0.0:9443',
      ),
    )
    .option(
      '--webhook-url <url>',
      'where the apiserver reaches it, for an operator outside the cluster; without it through its Service',
      parseSecureURL,
    )
    .option(
      '--program-image <image>',
      'image of these programs, which runs materialize in every agent Pod',
      'localhost/molecule-operator:dev',
    )
    .option(
      '--store-dir <dir>',
      'where assets are kept; losing it costs one download per revision',
      join(tmpdir(), 'molecule-store'),
    )
    .addOption(
      new Option(
        '--forge-networks <cidr,…>',
        'networks of forges that are not on the internet; every other address that is not public is refused, and http as well',
      )
        .argParser(parseNetworks)
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--store-bytes <quantity>',
        'how much assets may take there, downloads under way included; leave a quarter of the volume free',
      )
        .argParser(parseBytes)
        .default(parseBytes('1536Mi'), '1536Mi'),
    )
    .option('--leader-elect [boolean]', 'act only while holding the Lease, so that several may run', parseBoolean, true)
    .option('--leader-election-namespace <namespace>', 'where the Lease is, and the Pod', OPERATOR_NAMESPACE)
    .option(
      '--instance <name>',
      'the only place where this runs, such as the name of its Pod: takes over at once from an earlier process there',
    )
    .option('--pod-name <name>', 'the Pod this runs in; it is labelled while it leads, so that the Service finds it')
    .option('--workers <count>', 'Workspaces that are worked on at once', parseCount, 16)
    .option(
      '--ledger-connections <count>',
      'connections to the ledger at once; an embedded Postgres takes 1',
      parseCount,
      5,
    )
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .addHelpText(
      'after',
      '\nEnvironment:\n  LEDGER_URL  postgres://USER:PASSWORD@HOST:PORT/DATABASE; without it nothing is destroyed\n  TIERn_MEMORY_MB, TIERn_CPU_SHARES  what an agent of tier n, 1 to 4, may use at most; 1024 shares are one CPU\n',
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  const options = program.parse(argv).opts<Options>();
  return {
    ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
    assetServer: options.assetServerAddress,
    assetServerURL: options.assetServerUrl,
    metrics: options.metricsAddress,
    webhook: options.webhookAddress,
    ...(options.webhookUrl === undefined ? {} : { webhookURL: options.webhookUrl }),
    programImage: options.programImage,
    storeDir: options.storeDir,
    storeBytes: options.storeBytes,
    forgeNetworks: options.forgeNetworks,
    ...(options.leaderElect ? { leaderElection: { namespace: options.leaderElectionNamespace } } : {}),
    ...(options.instance === undefined ? {} : { instance: options.instance }),
    ...(options.podName === undefined ? {} : { podName: options.podName }),
    workers: options.workers,
    ledgerConnections: options.ledgerConnections,
    logLevel: options.logLevel,
    ...(env.LEDGER_URL === undefined || env.LEDGER_URL === '' ? {} : { ledgerURL: env.LEDGER_URL }),
    tierSizes: tierSizes(program, env),
  };
}

function tierSizes(program: Command, env: NodeJS.ProcessEnv): TierSizes {
  try {
    return readTierSizes(env);
  } catch (error) {
    return program.error(coerceError(error).message);
  }
}

function addressOption(flags: string, description: string, address: string): Option {
  return new Option(flags, description).argParser(parseAddress).default(parseAddress(address), address);
}

function parseAddress(text: string): Address {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port > 65_535)
    throw new InvalidArgumentError('write HOST:PORT, for example 127.0.0.1:8080');
  return { host: match[1].replace(/^\[(.*)\]$/, '$1'), port };
}

function parseURL(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new InvalidArgumentError('write http://HOST:PORT');
  return url.origin;
}

function parseNetworks(text: string): readonly Network[] {
  return text.split(',').map((part) => {
    const network = parseNetwork(part.trim());
    if (network === undefined)
      throw new InvalidArgumentError(`"${part.trim()}" is no network; write for example 10.20.0.0/16,fd12:3456::/32`);
    return network;
  });
}

/** The apiserver calls no other. */
function parseSecureURL(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:') throw new InvalidArgumentError('write https://HOST:PORT');
  return url.origin;
}

function parseBoolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('write true or false');
  return text === 'true';
}

function parseBytes(text: string): number {
  const bytes = parseQuantity(text);
  if (bytes === undefined || !Number.isSafeInteger(bytes) || bytes < SMALLEST_STORE_BYTES)
    throw new InvalidArgumentError('write a size of at least 64Mi, for example 1536Mi');
  return bytes;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 256)
    throw new InvalidArgumentError('write a number from 1 to 256');
  return count;
}
