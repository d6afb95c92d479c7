import { describe, expect, it } from 'vitest';
import type { MaterializeReport, ReportedChange } from '../../../../src/assets/report.ts';
import { assetsStatus } from '../../../../src/controllers/workspace/assets-status.ts';
import { type KeptVersions, keptVersions } from '../../../../src/controllers/workspace/kept-versions.ts';
import { ReportInbox } from '../../../../src/controllers/workspace/reports.ts';
import type { ReceivedReport } from '../../../../src/controllers/workspace/snapshot.ts';
import { DIGEST } from '../../../builders/objects.ts';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import { running } from './fixture.ts';

const AT = new Date('2026-11-21T12:00:00Z');

function healed(path: string, found = 'bb'): ReportedChange {
  return { path, action: 'healed', wanted: 'aa', found, keptAt: `.molecule/displaced/${path}` };
}

function report(...changes: readonly ReportedChange[]): MaterializeReport {
  const outcome = changes.length === 0 ? 'unchanged' : 'changed';
  return { outcome, wantedDigest: DIGEST, files: 3, changes, changesTotal: changes.length };
}

function received(body: MaterializeReport, receivedAt = AT): ReceivedReport {
  return { podUID: 'pod', receivedAt, report: body };
}

function kept(path: string, time = '2026-11-20T12:00:00Z', found = 'bb'): KeptVersions[number] {
  return { path, keptAt: `.molecule/displaced/${path}`, time, wanted: 'aa', found };
}

describe('status.assets.kept', () => {
  it('tells what was found, what was wanted, when, and where it lies', () => {
    expect(keptVersions([], received(report(healed('config.yaml'))))).toEqual([
      kept('config.yaml', '2026-11-21T12:00:00Z'),
    ]);
  });

  it('is not there for what was written anew and moved nothing aside', () => {
    const created = { path: 'config.yaml', action: 'created', wanted: 'aa', found: 'absent' } as const;
    expect(keptVersions([], received(report(created)))).toEqual([]);
  });

  it('outlives a restart that found all well', () => {
    const before = [kept('config.yaml')];
    expect(keptVersions(before, received(report()))).toEqual(before);
    expect(keptVersions(before, undefined)).toBe(before);
  });

  it('has one entry for a path, the newest, and the newest first', () => {
    const before = [kept('prompts/a.md'), kept('config.yaml')];
    expect(keptVersions(before, received(report(healed('config.yaml', 'cc'))))).toEqual([
      kept('config.yaml', '2026-11-21T12:00:00Z', 'cc'),
      kept('prompts/a.md'),
    ]);
  });

  it('is the same when the same report is looked at again', () => {
    const once = keptVersions([kept('prompts/a.md')], received(report(healed('config.yaml'))));
    expect(keptVersions(once, received(report(healed('config.yaml'))))).toEqual(once);
  });

  it('holds fifty, and lets the oldest go', () => {
    const before = Array.from({ length: 50 }, (_, index) => kept(`prompts/${index}.md`));
    const all = keptVersions(before, received(report(healed('config.yaml'))));
    expect(all).toHaveLength(50);
    expect(all[0]?.path).toBe('config.yaml');
    expect(all.at(-1)?.path).toBe('prompts/48.md');
  });

  it('is part of the status, and lastReport says where each version was kept', () => {
    const world = running();
    const assets = assetsStatus({ ...world, report: received(report(healed('config.yaml'))) }, world.pod);
    expect(assets).toMatchObject({
      kept: [{ path: 'config.yaml' }],
      lastReport: { changes: [{ path: 'config.yaml', keptAt: '.molecule/displaced/config.yaml' }] },
    });
    expect(assetsStatus(world, world.pod)).not.toHaveProperty('kept');
  });

  it('is not lost when the agent ends at once after a healing and is held back', async () => {
    const clock = new VirtualClock();
    const inbox = new ReportInbox(() => clock.monotonicMs());
    inbox.put('uid', received(report()));
    inbox.put('uid', received(report(healed('config.yaml'))));
    const heldBack: MaterializeReport = {
      outcome: 'waiting',
      files: 0,
      changes: [],
      changesTotal: 0,
      reason: 'Back-off',
    };
    inbox.put('uid', received(heldBack));
    inbox.put('uid', received(heldBack));
    inbox.put('uid', received(report()));
    await clock.advance(10_000);
    expect(keptVersions([], inbox.get('uid'))).toEqual([kept('config.yaml', '2026-11-21T12:00:00Z')]);
  });
});
