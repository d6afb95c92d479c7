import { join } from 'node:path';
import { LABELS } from '../../src/apis/v1alpha1/names.ts';
import type { Environment } from '../environment.ts';
import type { Kubectl } from '../lib/kubectl.ts';
import { CHECKOUT_DIR, DEV_DIR } from '../lib/paths.ts';
import { openPerson } from '../lib/person.ts';
import { run } from '../lib/run.ts';
import { waitFor } from '../lib/wait.ts';
import { readAgent, runInAgent } from './agents.ts';
import { DEMO_NAMESPACE, type DemoOptions, printTree } from './tour.ts';

const AGENT = 'writer';
const TIMEOUT_MS = 60_000;
const PLUGIN = join(CHECKOUT_DIR, 'dist', 'kubectl-molecule.mjs');
const REMEMBER = `
import { writeFileSync } from 'node:fs';
writeFileSync('/configs/MEMORY.md', 'what the agent learned\\n');
`;
const RECALL = `
import { readFileSync } from 'node:fs';
process.stdout.write('  MEMORY.md     ' + readFileSync('/configs/MEMORY.md', 'utf8'));
`;

/** A deletion that is denied, and one that is approved and then undone: by two people, because nobody approves what they asked for. */
export async function deleteAgent(environment: Environment, { report, signal }: DemoOptions): Promise<void> {
  const { kubectl } = environment;
  const dir = join(DEV_DIR, 'people');
  const person = (name: string, clusterRoles: readonly string[]): Promise<Kubectl> =>
    openPerson({ kubectl, name, dir, namespace: DEMO_NAMESPACE, clusterRoles, signal });
  report('Dana may edit the Org, Alex may approve');
  const dana = commandLine('dana', await person('dana', ['edit']), signal);
  const alex = commandLine('alex', await person('alex', ['molecule-approver']), signal);
  await runInAgent(kubectl, await podOf(environment), REMEMBER);
  const podBefore = await podUID(environment);

  report(`Dana deletes ${AGENT}`);
  await dana('delete', 'workspace', AGENT, '--wait=false');
  const first = await pendingRequest(environment, signal);
  await dana('get', 'workspaces');
  await alex('molecule', 'approvals', 'list');
  await alex('molecule', 'approvals', 'show', first.name);
  report('Alex says no');
  await alex('molecule', 'approvals', 'deny', first.name, '--reason', 'Writer is still needed');
  await waitFor(async () => (await deletionOf(environment)) === '', {
    what: `${AGENT} be back`,
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  await dana('wait', `workspace/${AGENT}`, '--for=condition=Ready', '--timeout=60s');
  await dana('get', 'workspace', AGENT);
  console.log(
    `  Its Pod is ${(await podUID(environment)) === podBefore ? 'the same, it never stopped' : 'another one'}`,
  );

  report('Dana deletes it once more, and Alex says yes');
  await dana('delete', 'workspace', AGENT, '--wait=false');
  const second = await pendingRequest(environment, signal);
  await alex('molecule', 'approvals', 'approve', second.name, '--hash', second.hash.slice(0, 12));
  await kubectl.must(['wait', '-n', DEMO_NAMESPACE, `workspace/${AGENT}`, '--for=delete', '--timeout=60s'], { signal });
  await dana('get', 'persistentvolumeclaims', '-l', LABELS.expires);

  report('The volume is kept for a while: Dana wants the agent back');
  await dana('molecule', 'restore', `ws/${AGENT}`, '--wait');
  process.stdout.write(await runInAgent(kubectl, await podOf(environment), RECALL));
  await printTree(environment);
}

/** Runs what a person would type, with that person's own certificate, and shows both command and answer. */
function commandLine(
  name: string,
  { program, kubeconfig }: Kubectl,
  signal: AbortSignal,
): (...args: readonly string[]) => Promise<void> {
  return async (...args) => {
    const [first, ...rest] = args;
    const words = args.map((word) => (/^[\w.:/=@-]+$/.test(word) ? word : `'${word}'`)).join(' ');
    console.log(`\n${name}$ kubectl ${words}`);
    const command = first === 'molecule' ? [process.execPath, PLUGIN, ...rest] : [program, ...args];
    const [executable = '', ...parameters] = command;
    const result = await run(executable, parameters, { env: { KUBECONFIG: kubeconfig }, signal });
    process.stdout.write(`${result.stderr}${result.stdout}`);
    if (result.code !== 0) throw new Error(`Cannot go on: "kubectl ${words}" ended with ${result.code}`);
  };
}

async function pendingRequest(
  { kubectl }: Environment,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly hash: string }> {
  const path =
    '{range .items[?(@.status.phase=="Pending")]}{.metadata.name} {.spec.target.name} {.spec.hash}{"\\n"}{end}';
  return waitFor(
    async () => {
      const text = await kubectl.must(['get', 'approvalrequests', '-n', DEMO_NAMESPACE, '-o', `jsonpath=${path}`]);
      const line = text.split('\n').find((candidate) => candidate.split(' ')[1] === AGENT);
      const [name, , hash] = line?.split(' ') ?? [];
      return name !== undefined && hash !== undefined && { name, hash };
    },
    { what: 'the request be there', timeoutMs: TIMEOUT_MS, signal },
  );
}

async function podOf({ kubectl }: Environment): Promise<{ readonly namespace: string; readonly podName: string }> {
  const agent = await readAgent(kubectl, DEMO_NAMESPACE, AGENT);
  return { namespace: DEMO_NAMESPACE, podName: agent.status.podName };
}

async function podUID(environment: Environment): Promise<string> {
  const { podName } = await podOf(environment);
  return environment.kubectl.must(['get', 'pod', podName, '-n', DEMO_NAMESPACE, '-o', 'jsonpath={.metadata.uid}']);
}

/** When it was deleted; empty for one that is there and not deleted; undefined while there is none. */
async function deletionOf({ kubectl }: Environment): Promise<string | undefined> {
  const path = 'jsonpath={.metadata.deletionTimestamp}';
  const answer = await kubectl.run(['get', 'workspace', AGENT, '-n', DEMO_NAMESPACE, '-o', path]);
  return answer.code === 0 ? answer.stdout : undefined;
}
