import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Semaphore } from '../../../src/kube/semaphore.ts';

const { signal } = new AbortController();

it('never lets more in than it has slots, and lets everybody in, failed or not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.boolean(), { maxLength: 12 }),
      fc.scheduler(),
      async (slots, outcomes, scheduler) => {
        const semaphore = new Semaphore(slots);
        let inside = 0;
        const entered: number[] = [];
        const runs = outcomes.map((isFailure, index) =>
          semaphore.run(async () => {
            inside += 1;
            entered.push(index);
            expect(inside).toBeLessThanOrEqual(slots);
            await scheduler.schedule(Promise.resolve());
            inside -= 1;
            if (isFailure) throw new Error('no');
          }, signal),
        );
        const settled = Promise.allSettled(runs);
        await scheduler.waitFor(settled);
        expect((await settled).map(({ status }) => status === 'rejected')).toEqual(outcomes);
        expect(entered).toEqual(outcomes.map((_outcome, index) => index));
      },
    ),
  );
});

it('lets a caller that is aborted while waiting go, and its place to nobody', async () => {
  const semaphore = new Semaphore(1);
  const controller = new AbortController();
  const order: string[] = [];
  let leave: () => void = () => undefined;
  const first = semaphore.run(
    async () =>
      new Promise<void>((resolve) => {
        leave = resolve;
      }),
    signal,
  );
  const second = semaphore.run(async () => void order.push('second'), controller.signal);
  const third = semaphore.run(async () => void order.push('third'), signal);
  controller.abort(new Error('stopping'));
  await expect(second).rejects.toThrow('stopping');
  leave();
  await Promise.all([first, third]);
  expect(order).toEqual(['third']);
});

it('does not begin for a signal that is aborted already', async () => {
  const semaphore = new Semaphore(1);
  await expect(
    semaphore.run(async () => expect.unreachable(), AbortSignal.abort(new Error('stopped'))),
  ).rejects.toThrow('stopped');
  expect(await semaphore.run(async () => 'free', signal)).toBe('free');
});
