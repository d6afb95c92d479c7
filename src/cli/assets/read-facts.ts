import { WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import type { Workspace } from '../../apis/v1alpha1/types.generated.ts';
import { explainFailure } from '../cluster-failure.ts';
import type { ClusterClient } from '../connect.ts';
import type { ObjectReference } from '../object-reference.ts';
import { gatherWorkspaceFacts, type WorkspaceFacts } from '../status/facts.ts';

interface FactsQuestion {
  readonly reference: ObjectReference;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** A Workspace and what belongs to it; only the Workspace itself has to be there. */
export async function readFacts(
  client: ClusterClient,
  { reference, namespace, signal }: FactsQuestion,
): Promise<WorkspaceFacts> {
  const key = { namespace, name: reference.name };
  const workspace = await client.get<Workspace>(WORKSPACES, key, { signal }).catch((error: unknown) => {
    throw explainFailure(error, {
      what: `read Workspace ${namespace}/${reference.name}`,
      right: `the right to get workspaces in namespace "${namespace}"`,
      whenMissing: `see what is there: kubectl get workspaces -n ${namespace}`,
    });
  });
  return gatherWorkspaceFacts(workspace, { client, namespace, signal });
}
