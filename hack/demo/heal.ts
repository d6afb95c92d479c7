import type { Environment } from '../environment.ts';
import { waitFor } from '../lib/wait.ts';
import { readAgent, runInAgent } from './agents.ts';
import { DEMO_NAMESPACE, type DemoOptions, printTree } from './tour.ts';

const AGENT = 'researcher';
const TIMEOUT_MS = 120_000;

const SHOW = `
import { readFileSync, readdirSync } from 'node:fs';
const read = (path) => { try { return readFileSync(path, 'utf8').split('\\n').slice(0, 3).join(' | ').slice(0, 70); } catch (error) { return error.code; } };
console.log('  config.yaml   ' + read('/configs/config.yaml'));
console.log('  agent-skills  ' + readdirSync('/configs/agent-skills').sort().join(', '));
console.log('  MEMORY.md     ' + read('/configs/MEMORY.md'));
`;

const DAMAGE = `
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
writeFileSync('/configs/config.yaml', 'name: pwned\\n');
rmSync('/configs/agent-skills/' + readdirSync('/configs/agent-skills').sort()[0], { recursive: true });
writeFileSync('/configs/MEMORY.md', 'the agent wrote this itself\\n');
`;

/** Breaks config.yaml, deletes a skill, ends the agent; shows what came back, what stayed, and what the operator says about it. */
export async function healAgent(environment: Environment, { report, signal }: DemoOptions): Promise<void> {
  const { kubectl } = environment;
  const before = await readAgent(kubectl, DEMO_NAMESPACE, AGENT);
  const pod = { namespace: DEMO_NAMESPACE, podName: before.status.podName };
  const podBefore = await podFacts(environment, pod.podName);
  report(`The files of ${AGENT}`);
  process.stdout.write(await runInAgent(kubectl, pod, SHOW));
  report('The agent breaks config.yaml, deletes a skill and writes a memory');
  await runInAgent(kubectl, pod, DAMAGE);
  process.stdout.write(await runInAgent(kubectl, pod, SHOW));
  report('The agent is ended');
  await runInAgent(kubectl, pod, `process.kill(1, 'SIGTERM')`);
  const after = await waitFor(
    async () => {
      const isReady = await kubectl.run([
        'wait',
        '-n',
        DEMO_NAMESPACE,
        `workspace/${AGENT}`,
        '--for=condition=Ready',
        '--timeout=1s',
      ]);
      if (isReady.code !== 0) return undefined;
      const agent = await readAgent(kubectl, DEMO_NAMESPACE, AGENT);
      return agent.status.assets?.lastReport?.time === before.status.assets?.lastReport?.time ? undefined : agent;
    },
    { what: `${AGENT} heal`, timeoutMs: TIMEOUT_MS, signal },
  );
  report('It is Ready again');
  process.stdout.write(await runInAgent(kubectl, { ...pod, podName: after.status.podName }, SHOW));
  const podAfter = await podFacts(environment, after.status.podName);
  console.log(
    `  Pod           ${podAfter.uid === podBefore.uid ? 'the same' : 'another'} (${podAfter.uid}), restarts of the agent: ${podBefore.restarts} → ${podAfter.restarts}`,
  );
  console.log(
    `\nWhy, from kubectl get workspace ${AGENT} -n ${DEMO_NAMESPACE} -o jsonpath='{.status.assets.lastReport}':`,
  );
  for (const { path, action, found = '', wanted = '' } of after.status.assets?.lastReport?.changes ?? []) {
    console.log(`  ${action.padEnd(10)} ${path.padEnd(44)} found ${found} → wanted ${wanted}`);
  }
  console.log(`The same with what was moved aside and where: kubectl molecule assets ws/${AGENT} -n ${DEMO_NAMESPACE}`);
  await printTree(environment);
}

async function podFacts(
  { kubectl }: Environment,
  name: string,
): Promise<{ readonly uid: string; readonly restarts: number }> {
  const path = '{.metadata.uid} {.status.containerStatuses[?(@.name=="agent")].restartCount}';
  const [uid = '', restarts = ''] = (
    await kubectl.must(['get', 'pod', name, '-n', DEMO_NAMESPACE, '-o', `jsonpath=${path}`])
  ).split(' ');
  return { uid, restarts: Number(restarts) };
}
