import { expect } from 'vitest';
import type { ObjectStatus } from '../../../../src/cli/status/object-status.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { type RunOptions, runOn } from '../fake-cluster.ts';
import { type child, claim, condition, org, pod, templateAsset, workspace } from '../objects.ts';

export const UTF8 = { LANG: 'C.UTF-8' };

/** A writer below a researcher, as far as it got; it is called writer-1 everywhere. */
export function world(writer: Parameters<typeof child>[2], more: readonly KubeObject[] = []): readonly KubeObject[] {
  return [
    org('acme'),
    workspace('platform-agent'),
    workspace('researcher'),
    workspace('writer', {
      ...writer,
      spec: { parentRef: { name: 'researcher' }, templateRef: { name: 'writing' }, ...writer?.spec },
      status: { podName: 'writer-1', volumeName: 'writer-1', ...writer?.status },
    }),
    ...more,
  ];
}

export const RUNNING = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [{ name: 'agent', restartCount: 2, state: { running: {} } }],
};
export const CHILDREN = [templateAsset('writing'), claim('writer-1', 'Bound'), pod('writer-1', RUNNING)];
export const READY = [
  condition('Ready', 'True', { reason: 'WorkspaceReady' }),
  condition('AgentReady', 'True', { reason: 'AgentReady', message: 'The agent serves its card' }),
];

export async function statusOf(object: string, options: RunOptions): Promise<ObjectStatus> {
  const { stdout, stderr } = await runOn(['status', object, '-o', 'json'], options);
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout);
}

export function culpritOf({ chain }: ObjectStatus): string | undefined {
  const culprits = chain.filter(({ isCulprit }) => isCulprit);
  expect(culprits.length).toBeLessThanOrEqual(1);
  return culprits.map(({ link, name }) => `${link} ${name ?? '-'}`)[0];
}
