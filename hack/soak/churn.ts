import { PODS, WORKSPACES } from '../../src/apis/v1alpha1/resources.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { type KubeObject, keyOf } from '../../src/kube/objects.ts';
import { NAMESPACE, newWorkspace } from '../bench/fleet.ts';
import { peacefully } from './faults.ts';

const STEP_MS = 200;
const PREFIX = 'soak-';
/** Workspaces that are there at a time, about. */
const POPULATION = 120;

/** What users do all day: make, change and delete Workspaces; and what happens to Pods. Straight to the apiserver, until aborted. */
export async function churn(client: KubeClient, signal: AbortSignal): Promise<void> {
  const write = { fieldManager: 'soak', signal };
  for (let step = 0; !signal.aborted; step += 1) {
    await peacefully(STEP_MS, signal);
    if (signal.aborted) return;
    try {
      const alive = await namesOfAlive(client, signal);
      const oldest = alive[0];
      if (oldest === undefined || alive.length < POPULATION) {
        await client.create(WORKSPACES, newWorkspace(`${PREFIX}${String(step).padStart(6, '0')}`, {}), write);
      } else if (step % 3 === 0) {
        await client.delete(WORKSPACES, { namespace: NAMESPACE, name: oldest }, { signal });
      } else if (step % 3 === 1) {
        const changed = { spec: { env: [{ name: 'STEP', value: String(step) }] } };
        await client.patch(
          WORKSPACES,
          { namespace: NAMESPACE, name: alive[step % alive.length] ?? oldest },
          changed,
          write,
        );
      } else {
        const { items } = await client.list<KubeObject>(PODS, { namespace: NAMESPACE, limit: 1 + (step % 20), signal });
        const pod = items.at(-1);
        if (pod !== undefined) await client.delete(PODS, keyOf(pod), { gracePeriodSeconds: 0, signal });
      }
    } catch (error) {
      // The apiserver stands still at times; what was not done now is done by a later step.
      if (signal.aborted) return;
      console.log(`A step of the churn failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** The oldest first; what a denial brought back is alive again. */
async function namesOfAlive(client: KubeClient, signal: AbortSignal): Promise<readonly string[]> {
  const { items } = await client.list(WORKSPACES, { namespace: NAMESPACE, signal });
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined && metadata.name.startsWith(PREFIX))
    .map(({ metadata }) => metadata.name);
}
