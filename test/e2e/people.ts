import { join } from 'node:path';
import { expect } from 'vitest';
import type { Kubectl } from '../../hack/lib/kubectl.ts';
import { CHECKOUT_DIR, DEV_DIR } from '../../hack/lib/paths.ts';
import { openPerson } from '../../hack/lib/person.ts';
import { type RunResult, run } from '../../hack/lib/run.ts';
import type { Json, World } from './world.ts';

const PLUGIN = join(CHECKOUT_DIR, 'dist', 'kubectl-molecule.mjs');

export interface People {
  /** May edit the world, and so delete. */
  readonly dana: Kubectl;
  /** May look and decide. */
  readonly alex: Kubectl;
}

/** Two people of this world, each with a certificate of their own. */
export async function openPeople({ kubectl, namespace }: World): Promise<People> {
  const open = (name: string, role: string): Promise<Kubectl> =>
    openPerson({
      kubectl,
      name: `${name}-${namespace}`,
      dir: join(DEV_DIR, 'people'),
      namespace,
      clusterRoles: [role],
    });
  return { dana: await open('dana', 'edit'), alex: await open('alex', 'molecule-approver') };
}

/** Runs the plugin as this person. */
export async function molecule({ kubeconfig }: Kubectl, ...args: readonly string[]): Promise<RunResult> {
  return run(process.execPath, [PLUGIN, ...args], { env: { KUBECONFIG: kubeconfig } });
}

/** The one that a human can decide now about the object with this uid. */
export async function pendingRequest({ kubectl, namespace, until }: World, uid: string): Promise<Json> {
  return until('the request be pending', async () => {
    const list: Json = JSON.parse(await kubectl.must(['get', 'approvalrequests', '-n', namespace, '-o', 'json']));
    return list.items.find(
      ({ spec, status }: Json) => spec.target.uid === uid && spec.hash !== undefined && status?.phase === 'Pending',
    );
  });
}

export async function approve(person: Kubectl, { metadata, spec }: Json): Promise<void> {
  const answer = await molecule(person, 'approvals', 'approve', metadata.name, '--hash', spec.hash);
  expect(answer, answer.stderr).toMatchObject({ code: 0 });
}
