import { PODS } from '../../apis/v1alpha1/resources.ts';
import { explainFailure } from '../cluster-failure.ts';
import type { ClusterClient } from '../connect.ts';
import { type ClusterFlags, clusterWords } from '../options.ts';
import type { WorkspaceFacts } from '../status/facts.ts';
import { shellWord } from '../text.ts';
import type { AgentPod } from './helper-pod.ts';

interface PodQuestion {
  readonly facts: WorkspaceFacts;
  readonly namespace: string;
  /** For commands to copy. */
  readonly flags: Pick<ClusterFlags, 'context' | 'kubeconfig'>;
  readonly signal: AbortSignal;
}

/**
 * The agent's Pod, which has the program that looks at the volume and is on the node where the volume is.
 * @throws with how to come to one, where there is none, or none that has both for a while
 */
export async function readAgentPod(
  client: ClusterClient,
  { facts, namespace, flags, signal }: PodQuestion,
): Promise<AgentPod> {
  const { workspace, pod } = facts;
  const { name } = workspace.metadata;
  const where = clusterWords(flags, namespace);
  const status = `kubectl molecule status ws/${name} ${where}`;
  const resume = shellWord(JSON.stringify({ spec: { suspend: false } }));
  const what = `look at the volume of Workspace ${namespace}/${name} with the program of its Pod ${pod.name}`;
  const agent = await client.get<AgentPod>(PODS, { namespace, name: pod.name }, { signal }).catch((error: unknown) => {
    throw explainFailure(error, {
      what,
      right: `the right to get pods in namespace "${namespace}"`,
      whenMissing:
        workspace.spec.suspend === true
          ? `the agent is suspended; start it and try again: kubectl patch workspace ${name} ${where} --type=merge -p ${resume}`
          : `see why, and try again once the agent runs: ${status}`,
    });
  });
  if (agent.metadata.deletionTimestamp !== undefined)
    throw new Error(`Cannot ${what}: it is ending; try again once the next one runs; see how far that is: ${status}`);
  if (agent.spec?.nodeName === undefined)
    throw new Error(`Cannot ${what}: it is on no node yet; see why, and try again once the agent runs: ${status}`);
  return agent;
}
