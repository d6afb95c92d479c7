import { expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../src/apis/v1alpha1/names.ts';
import type { ObjectMeta } from '../../../src/apis/v1alpha1/types.generated.ts';
import { planOrg } from '../../../src/controllers/org/plan.ts';
import { requestedAt } from '../../../src/controllers/requested-at.ts';
import { templateAssetStatus } from '../../../src/controllers/template-asset/status.ts';
import { planWorkspace } from '../../../src/controllers/workspace/plan.ts';
import { org, templateAsset } from '../../builders/objects.ts';
import { snapshot as orgSnapshot } from './org/fixture.ts';
import { LATER, running } from './workspace/fixture.ts';

const annotations = { [ANNOTATIONS.requestedAt]: 'x'.repeat(300) };
const ECHO = 'x'.repeat(256);

function overlong<T extends { readonly metadata: ObjectMeta }>(object: T): T {
  return { ...object, metadata: { ...object.metadata, annotations } };
}

it('is nothing when nobody asked', () => {
  expect(requestedAt({})).toBeUndefined();
});

it('is echoed only as far as the status of an Org can hold it', () => {
  const plan = planOrg(orgSnapshot({ org: overlong(org()) }), LATER);
  expect(plan.status?.patch.lastHandledReconcileAt).toBe(ECHO);
});

it('is echoed only as far as the status of a Workspace can hold it', () => {
  const base = running();
  const plan = planWorkspace({ ...base, workspace: overlong(base.workspace) }, LATER);
  expect(plan.status?.patch.lastHandledReconcileAt).toBe(ECHO);
});

it('is echoed only as far as the status of a TemplateAsset can hold it', () => {
  const attempt = {
    kind: 'failed',
    reason: 'FetchFailed',
    message: 'down',
    isFinal: false,
    nextCheckMs: 1000,
  } as const;
  const asset = overlong(templateAsset('claude'));
  expect(templateAssetStatus({ asset, usedBy: [], attempt }, LATER).lastHandledReconcileAt).toBe(ECHO);
});
