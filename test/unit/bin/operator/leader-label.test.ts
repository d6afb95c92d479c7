import { expect, it } from 'vitest';
import { labelPod } from '../../../../src/bin/operator/leader-label.ts';
import { ApiError } from '../../../../src/kube/errors.ts';
import { createLogger } from '../../../../src/platform/log.ts';
import { FakeClient } from '../../runtime/fake-client.ts';
import { VirtualClock } from '../../runtime/virtual-clock.ts';

function create(): { readonly client: FakeClient; readonly clock: VirtualClock; readonly ending: AbortController } & {
  label(isLeader: boolean): Promise<void>;
} {
  const client = new FakeClient();
  const clock = new VirtualClock();
  const ending = new AbortController();
  const log = createLogger({ name: 'test', level: 'silent' });
  const options = { client, clock, random: () => 1, log, pod: { namespace: 'ns', name: 'operator-1' } };
  return { client, clock, ending, label: (isLeader) => labelPod(options, isLeader, ending.signal) };
}

it('says on the Pod that it leads, and takes it back', async () => {
  const { client, label } = create();
  await label(true);
  await label(false);
  expect(client.calls.map(({ kind, name, body }) => [kind, name, body])).toEqual([
    ['Pod', 'operator-1', { metadata: { labels: { 'moleculesai.app/leader': 'true' } } }],
    ['Pod', 'operator-1', { metadata: { labels: { 'moleculesai.app/leader': null } } }],
  ]);
});

it('tries until it is done, because without the label nobody gets assets', async () => {
  const { client, clock, label } = create();
  client.answer = () => new ApiError('overloaded', { code: 503 });
  const done = label(true);
  await clock.advance(60_000);
  client.answer = () => undefined;
  await clock.advance(10_000);
  await done;
  expect(client.calls.length).toBeGreaterThan(5);
});

it('ends with its signal', async () => {
  const { client, clock, ending, label } = create();
  client.answer = () => new ApiError('overloaded', { code: 503 });
  const done = label(true);
  await clock.advance(100);
  ending.abort();
  await done;
  expect([client.calls.length, clock.timers]).toEqual([1, 0]);
});
