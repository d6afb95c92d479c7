import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Environment } from '../environment.ts';
import { CHECKOUT_DIR } from '../lib/paths.ts';
import type { Report } from '../lib/report.ts';
import { runOrThrow } from '../lib/run.ts';
import { listAgents, readCard } from './agents.ts';

export const DEMO_NAMESPACE = 'acme';

const EXAMPLES = ['org', 'template-assets', 'workspaces'] as const;
const READY_TIMEOUT = '--timeout=180s';

export interface DemoOptions {
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Applies examples/acme as a person would, waits until the tree is Ready and shows it. Safe to repeat. */
export async function tour(environment: Environment, { report, signal }: DemoOptions): Promise<void> {
  const { kubectl } = environment;
  report(`Applying examples/acme to the namespace ${DEMO_NAMESPACE}`);
  await applyExamples(environment, DEMO_NAMESPACE);
  await kubectl.must(['wait', '-n', DEMO_NAMESPACE, 'org/org', '--for=condition=Ready', READY_TIMEOUT], { signal });
  await kubectl.must(['wait', '-n', DEMO_NAMESPACE, 'workspaces', '--all', '--for=condition=Ready', READY_TIMEOUT], {
    signal,
  });
  report('The tree is Ready');
  await printTree(environment);
  console.log('\nWhat the agents say of themselves (A2A cards):');
  for (const agent of await listAgents(kubectl, DEMO_NAMESPACE)) {
    const card = await readCard(agent, signal);
    console.log(
      `  ${card.name.padEnd(16)} ${agent.status.endpoint}  skills: ${card.skills.map((skill) => skill.id).join(', ')}`,
    );
  }
  console.log(howToLookAround(environment));
}

/** The manifests of examples/acme with the forge's address filled in, and the Secret that they name. */
export async function applyExamples({ kubectl, forge, forgeToken }: Environment, namespace: string): Promise<void> {
  const apply = (input: string): Promise<string> => kubectl.must(['apply', '--server-side', '-f', '-'], { input });
  await apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  await apply(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'forge-token', namespace },
      stringData: { token: forgeToken, allowedHosts: new URL(forge.url).host },
    }),
  );
  for (const name of EXAMPLES) {
    const text = await readFile(join(CHECKOUT_DIR, 'examples', 'acme', `${name}.yaml`), 'utf8');
    await apply(
      text.replaceAll('FORGE_URL', forge.url).replaceAll(`namespace: ${DEMO_NAMESPACE}`, `namespace: ${namespace}`),
    );
  }
}

export async function printTree({ kubectl }: Environment): Promise<void> {
  const plugin = join(CHECKOUT_DIR, 'dist', 'kubectl-molecule.mjs');
  console.log(
    `\n${await runOrThrow(process.execPath, [plugin, 'tree', '-n', DEMO_NAMESPACE, '--kubeconfig', kubectl.kubeconfig])}`,
  );
}

function howToLookAround({ kubectl, operator, forge }: Environment): string {
  return `
Look around:
  export KUBECONFIG=${kubectl.kubeconfig} PATH=${join(CHECKOUT_DIR, 'dist')}:${dirname(process.execPath)}:$PATH
  alias kubectl=${kubectl.program}
  kubectl molecule tree -A            the org tree
  kubectl get molecule -n ${DEMO_NAMESPACE}         everything of ours, with the reason where it is not ready
  kubectl explain workspace.spec      what can be said about an agent
  make demo DEMO=heal                 damage an agent's files and watch them heal
  make demo DEMO=delete               delete an agent: denied, approved, restored
  make demo-down                      remove everything
The operator's log: ${operator.logFile}   its metrics: ${operator.metricsURL}/metrics   the forge: ${forge.url}`;
}
