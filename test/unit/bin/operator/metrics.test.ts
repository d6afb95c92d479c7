import { Registry } from '@prometheus-io/client';
import { expect, it } from 'vitest';
import type { ApprovalRequest, Org, TemplateAsset, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { registerApprovalGauges } from '../../../../src/bin/operator/approval-gauges.ts';
import { registerProcessMetrics } from '../../../../src/bin/operator/process-metrics.ts';
import { registerStoreGauges } from '../../../../src/bin/operator/store-gauges.ts';
import { Store } from '../../../../src/runtime/store.ts';
import { approvalRequest } from '../../../builders/approval-request.ts';
import { workspace } from '../../../builders/objects.ts';

async function read(registry: Registry): Promise<ReadonlyMap<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.split(' ').at(-1))]));
}

function ready(name: string, status: 'True' | 'False' | 'Unknown'): Workspace {
  const condition = { type: 'Ready', status, reason: 'R', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' };
  return workspace(name, { status: { conditions: [condition] } });
}

it('counts our objects by the status of Ready, one that has none yet as Unknown, and none twice', async () => {
  const workspaces = new Store<Workspace>();
  const stores = { orgs: new Store<Org>(), workspaces, templateAssets: new Store<TemplateAsset>() };
  workspaces.replace([ready('a', 'True'), ready('b', 'True'), ready('c', 'False'), workspace('new')], '1');
  const registry = new Registry();
  registerStoreGauges(registry, stores);
  await registry.metrics();
  const metrics = await read(registry);
  expect(metrics.get('molecule_watched_objects{kind="workspaces"}')).toBe(4);
  expect(metrics.get('molecule_objects{kind="Workspace",ready="True"}')).toBe(2);
  expect(metrics.get('molecule_objects{kind="Workspace",ready="False"}')).toBe(1);
  expect(metrics.get('molecule_objects{kind="Workspace",ready="Unknown"}')).toBe(1);
  expect(metrics.get('molecule_objects{kind="Org",ready="True"}')).toBe(0);
});

it('counts what waits for a human and the open ways past one, says -1 while these are not known, and how the ledger is', async () => {
  const approvalRequests = new Store<ApprovalRequest>();
  approvalRequests.replace(
    [
      approvalRequest(workspace('a'), { phase: 'Pending' }),
      approvalRequest(workspace('b'), { phase: 'Pending' }),
      approvalRequest(workspace('c'), { phase: 'Denied' }),
    ],
    '1',
  );
  let openRoutes: readonly string[] | undefined;
  const registry = new Registry();
  registerApprovalGauges(registry, {
    approvalRequests,
    ledger: { health: () => 'frozen' },
    guard: {
      get openRoutes() {
        return openRoutes;
      },
    },
  });
  expect((await read(registry)).get('molecule_pending_approvals')).toBe(2);
  expect((await read(registry)).get('molecule_guard_open_routes')).toBe(-1);
  expect((await read(registry)).get('molecule_ledger_health{health="frozen"}')).toBe(1);
  expect((await read(registry)).get('molecule_ledger_health{health="available"}')).toBe(0);
  openRoutes = [];
  expect((await read(registry)).get('molecule_guard_open_routes')).toBe(0);
  openRoutes = ['a: b', 'c: d'];
  expect((await read(registry)).get('molecule_guard_open_routes')).toBe(2);
});

it('tells of the process what every dashboard asks for', async () => {
  const registry = new Registry();
  registerProcessMetrics(registry);
  const first = await read(registry);
  expect(first.get('process_resident_memory_bytes')).toBeGreaterThan(10e6);
  expect(first.get('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6);
  expect(first.get('process_open_fds')).toBeGreaterThan(2);
  expect(first.get('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
  expect(first.get('process_start_time_seconds')).toBeLessThan(Date.now() / 1000);
  const usedMs = process.cpuUsage().user / 1e3;
  while (process.cpuUsage().user / 1e3 < usedMs + 20);
  const second = await read(registry);
  expect(second.get('process_cpu_seconds_total')).toBeGreaterThan(
    (first.get('process_cpu_seconds_total') ?? 0) + 0.015,
  );
  expect(second.get('nodejs_eventloop_utilization')).toBeGreaterThan(0);
});
