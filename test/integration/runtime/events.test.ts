import { Registry } from '@prometheus-io/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from '../../../src/apis/v1alpha1/names.ts';
import type { HttpKubeClient } from '../../../src/kube/http-client.ts';
import { openKubeClient } from '../../../src/kube/open-client.ts';
import { createSystemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { EventRecorder } from '../../../src/runtime/events.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import type { EventEffect } from '../../../src/runtime/plan.ts';
import { createNamespace, mustKubectl, serviceAccountKubeconfig } from '../../support/control-plane.ts';

let client: HttpKubeClient;
let lines: string[];
let event: EventEffect;

beforeAll(async () => {
  const account = { namespace: OPERATOR_NAMESPACE, name: OPERATOR_SERVICE_ACCOUNT };
  client = openKubeClient({ kubeconfig: await serviceAccountKubeconfig(account), userAgent: 'test' }).client;
  lines = [];
  const regarding = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: await createNamespace(),
    name: 'c',
    uid: 'uid-c',
  };
  event = { type: 'Warning', reason: 'Refused', action: 'Create', note: 'It was refused', regarding };
});
afterAll(() => client.close());

/** As in a process that has just begun. */
async function record(...events: readonly EventEffect[]): Promise<void> {
  const recorder = new EventRecorder({
    client,
    clock: createSystemClock(),
    random: Math.random,
    log: createLogger({ name: 'test', destination: { write: (line: string) => void lines.push(line) } }),
    metrics: createRuntimeMetrics(new Registry()),
    signal: new AbortController().signal,
  });
  for (const next of events) {
    recorder.emit(next);
    await recorder.flush();
  }
}

it('an Event goes on as one series across processes, with the rights that the operator has', async () => {
  await record(event);
  await record(event, event);
  await record({ ...event, note: 'Something else' }, event);
  expect(lines).toEqual([]);
  const { namespace } = event.regarding;
  const list = JSON.parse(await mustKubectl(['get', 'events.v1.events.k8s.io', '-o', 'json'], { namespace }));
  const said = (list.items as readonly { readonly note: string; readonly series?: { readonly count: number } }[])
    .map(({ note, series }) => [note, series?.count])
    .sort();
  expect(said).toEqual([
    ['It was refused', 4],
    ['Something else', undefined],
  ]);
  // What people see.
  expect(await mustKubectl(['events', '--for', 'configmap/c'], { namespace })).toMatch(/x4 over/);
});
