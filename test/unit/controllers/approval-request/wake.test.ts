import { describe, expect, it } from 'vitest';
import type { ApprovalRequest, Workspace } from '../../../../src/apis/v1alpha1/types.generated.ts';
import {
  ofTarget,
  wokenByOrg,
  wokenByVolume,
  wokenByWorkspace,
} from '../../../../src/controllers/approval-request/wake.ts';
import { BY_PARENT } from '../../../../src/controllers/stores.ts';
import { approvalRequest, requestStore } from '../../../builders/approval-request.ts';
import { fakeStore } from '../../../builders/fake-store.ts';
import { org, storedTemplate, workspace } from '../../../builders/objects.ts';
import { deleted, volumeOf, writer } from './fixture.ts';

const lead = workspace('lead');
const below = (name: string, parent: string): Workspace =>
  workspace(name, { spec: { kind: 'workspace', parentRef: { name: parent } } });
const middle = below('middle', 'lead');
const leaf = below('leaf', 'middle');

function storesOf(workspaces: readonly Workspace[], ...requests: readonly ApprovalRequest[]) {
  const index = { [BY_PARENT]: ({ spec }: Workspace) => spec.parentRef?.name };
  return { workspaces: fakeStore(workspaces, index), approvalRequests: requestStore(...requests) };
}

const stores = storesOf([lead, middle], approvalRequest(lead, { phase: 'Pending' }, [lead, middle]));
const LEAD = [{ namespace: 'acme', name: 'Workspace/lead' }];

describe('a change of a Workspace', () => {
  it('wakes the requests about those above it when it comes', () => {
    expect(new Set(wokenByWorkspace(undefined, leaf, stores).map(({ name }) => name))).toEqual(
      new Set(['Workspace/lead']),
    );
  });

  it('wakes the requests that list it when it goes', () => {
    expect(wokenByWorkspace(middle, undefined, stores)).toContainEqual(LEAD[0]);
  });

  it('wakes the requests about where it was and where it is when it moves', () => {
    const moved = { ...middle, metadata: { ...middle.metadata, generation: 2 }, spec: { kind: 'workspace' as const } };
    expect(wokenByWorkspace(middle, moved, stores)).toContainEqual(LEAD[0]);
  });

  it('wakes nobody when only its status moves on', () => {
    expect(wokenByWorkspace(middle, { ...middle, status: { podName: 'x' } }, stores)).toEqual([]);
  });

  it('wakes the requests that list it when its identity is known', () => {
    expect(wokenByWorkspace(middle, { ...middle, status: { id: 'x' } }, stores)).toContainEqual(LEAD[0]);
  });

  it('wakes nobody where nobody waits', () => {
    const finished = approvalRequest(lead, { phase: 'Superseded' }, [lead, middle]);
    expect(wokenByWorkspace(undefined, leaf, storesOf([lead, middle], finished))).toEqual([]);
  });

  it.each([
    ['the Org', org(), 'Org/org'],
    ['the platform agent', workspace('platform-agent'), 'Workspace/platform-agent'],
    ['the template that it uses', storedTemplate('base'), 'TemplateAsset/base'],
  ])('wakes the request about %s when it comes', (_what, target, name) => {
    const user = workspace('user', { spec: { kind: 'workspace', templateRef: { name: 'base' } } });
    const woken = wokenByWorkspace(undefined, user, storesOf([], approvalRequest(target)));
    expect(woken).toEqual([{ namespace: 'acme', name }]);
  });
});

describe('a change of a volume', () => {
  const waiting = storesOf([writer()], approvalRequest(writer(), { phase: 'Pending' }, [writer()]));
  const { metadata, ...rest } = volumeOf(writer());
  const volume = { metadata: { ...metadata, labels: { 'moleculesai.app/workspace': 'writer' } }, ...rest };

  it('wakes the requests that list its Workspace when it comes or goes', () => {
    const key = { namespace: 'acme', name: 'Workspace/writer' };
    expect(wokenByVolume(undefined, volume, waiting)).toEqual([key]);
    expect(wokenByVolume(volume, undefined, waiting)).toEqual([key]);
  });

  it('wakes nobody when it only changes', () => {
    expect(wokenByVolume(volume, { ...volume, phase: 'Lost' }, waiting)).toEqual([]);
  });
});

describe('a change of the Org', () => {
  const elsewhere = { ...lead, metadata: { ...lead.metadata, namespace: 'other' } };
  const requests = [
    approvalRequest(lead, { phase: 'Pending' }, [lead, middle]),
    approvalRequest(middle, { phase: 'Superseded' }, [middle]),
    approvalRequest(elsewhere, { phase: 'Pending' }, [elsewhere]),
  ];
  const all = { approvalRequests: { list: () => requests } };
  const keeping = (volumes: string) => ({ ...org(), spec: { ...org().spec, retention: { volumes } } });

  it('wakes every request that waits in its namespace when volumes are kept for another time, or it comes or goes', () => {
    expect(wokenByOrg(keeping('24h'), keeping('1h'), all)).toEqual(LEAD);
    expect(wokenByOrg(undefined, org(), all)).toEqual(LEAD);
    expect(wokenByOrg(org(), undefined, all)).toEqual(LEAD);
  });

  it('wakes nobody when something else changes', () => {
    expect(wokenByOrg(keeping('24h'), { ...keeping('24h'), status: {} }, all)).toEqual([]);
  });
});

describe('a change of an object that can be asked about', () => {
  const KEY = [{ namespace: 'acme', name: 'Workspace/writer' }];

  it.each([
    ['nobody deletes or asks about', writer(), [], []],
    ['is leaving', deleted(writer()), [], KEY],
    ['is asked about', writer(), [approvalRequest(writer())], KEY],
    ['was asked about', writer(), [concluded()], []],
  ] as const)('wakes its own key, and no other, when it %s', (_what, after, requests, expected) => {
    expect(ofTarget('Workspace', { before: writer(), after }, storesOf([], ...requests))).toEqual(expected);
  });

  it('is told of its end', () => {
    expect(ofTarget('Workspace', { before: deleted(writer()), after: undefined }, storesOf([]))).toEqual(KEY);
  });
});

function concluded(): ApprovalRequest {
  const condition = { type: 'Concluded', status: 'True', reason: 'ApprovalExpired', message: 'x' } as const;
  return approvalRequest(writer(), {
    phase: 'Expired',
    conditions: [{ ...condition, lastTransitionTime: '2026-03-01T09:00:00Z' }],
  });
}
