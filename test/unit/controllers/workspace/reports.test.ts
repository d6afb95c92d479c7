import { describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import type { MaterializeReport } from '../../../../src/assets/report.ts';
import { planWorkspace } from '../../../../src/controllers/workspace/plan.ts';
import { ReportInbox } from '../../../../src/controllers/workspace/reports.ts';
import { DIGEST } from '../../../builders/objects.ts';
import { applyMergePatch } from '../../../memory-api/patches.ts';
import type { JsonObject } from '../../../memory-api/rest.ts';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import { LATER, running } from './fixture.ts';

function report(outcome: MaterializeReport['outcome'], path?: string): MaterializeReport {
  const changes = path === undefined ? [] : [{ path, action: 'healed', wanted: 'aa', found: 'bb' } as const];
  return { outcome, wantedDigest: DIGEST, files: 3, changes, changesTotal: changes.length };
}

function world() {
  const clock = new VirtualClock();
  const inbox = new ReportInbox(() => clock.monotonicMs());
  const put = (body: MaterializeReport, podUID = 'pod') =>
    inbox.put('uid', { podUID, receivedAt: clock.now(), report: body });
  return { clock, inbox, put };
}

const asJson = (value: object): JsonObject => JSON.parse(JSON.stringify(value));

describe('ReportInbox', () => {
  it('shows the first report at once', () => {
    const { inbox, put } = world();
    expect(put(report('changed', 'config.yaml'))).toBe(0);
    expect(inbox.get('uid')?.report.changes).toHaveLength(1);
  });

  it('changes what it shows once in ten seconds, however often an agent restarts', async () => {
    const { clock, inbox, put } = world();
    const shown = new Set<number>();
    for (let restart = 0; restart < 600; restart += 1) {
      put(report('changed', `prompts/${restart}.md`));
      shown.add(inbox.get('uid')?.receivedAt.getTime() ?? 0);
      await clock.advance(100);
    }
    // A minute of ten restarts a second: at its beginning, and five times ten seconds later.
    expect(shown.size).toBe(6);
  });

  it('costs one status write in ten seconds, however often an agent restarts', async () => {
    const { clock, inbox, put } = world();
    const base = running();
    let workspace = base.workspace;
    let writes = 0;
    for (let restart = 0; restart < 600; restart += 1) {
      put({ ...report('failed'), reason: `attempt ${restart}` });
      put(report('changed', `prompts/${restart}.md`));
      const seen = { ...base, workspace, report: inbox.get('uid') };
      const { status } = planWorkspace(seen, new Date(LATER.getTime() + clock.monotonicMs()));
      if (status !== undefined) {
        writes += 1;
        workspace = applyMergePatch(asJson(workspace), asJson({ status: status.patch })) as unknown as Workspace;
      }
      await clock.advance(100);
    }
    // In a minute; one of them is the first status of all.
    expect(writes).toBe(6);
  });

  it('says when there is more, so that the last report is told too', async () => {
    const { clock, inbox, put } = world();
    put(report('unchanged'));
    await clock.advance(4_000);
    expect(put(report('changed', 'config.yaml'))).toBe(6_000);
    expect(inbox.get('uid')).toMatchObject({ moreInMs: 6_000, report: { outcome: 'unchanged' } });
    await clock.advance(6_000);
    expect(inbox.get('uid')).toMatchObject({ report: { outcome: 'changed' } });
    expect(inbox.get('uid')?.moreInMs).toBeUndefined();
  });

  it('makes one of the restarts that nobody was told of, with what all of them changed', async () => {
    const { clock, inbox, put } = world();
    put(report('unchanged'));
    put(report('changed', 'config.yaml'));
    put(report('changed', 'prompts/a.md'));
    put(report('unchanged'));
    await clock.advance(10_000);
    const { outcome, changes, changesTotal } = inbox.get('uid')?.report ?? {};
    expect([outcome, changesTotal, changes?.map(({ path }) => path)]).toEqual([
      'changed',
      2,
      ['prompts/a.md', 'config.yaml'],
    ]);
  });

  it.each([
    ['of another Pod', report('unchanged'), 'other-pod'],
    ['of a run that failed', { ...report('waiting'), reason: 'no server' }, 'pod'],
    ['of another tree', { ...report('unchanged'), wantedDigest: 'sha256:other' }, 'pod'],
  ] as const)('does not mix a report with one %s', async (_name, later, podUID) => {
    const { clock, inbox, put } = world();
    put(report('unchanged'));
    put(report('changed', 'config.yaml'));
    put(later, podUID);
    await clock.advance(10_000);
    expect(inbox.get('uid')).toMatchObject({ podUID, report: later });
  });

  it('forgets a Workspace that is gone', () => {
    const { inbox, put } = world();
    put(report('unchanged'));
    inbox.forget('uid');
    expect(inbox.get('uid')).toBeUndefined();
  });
});
