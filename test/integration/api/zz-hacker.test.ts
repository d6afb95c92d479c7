import { expect, it } from 'vitest';
import { createNamespace, kubectl, mustKubectl } from '../../support/control-plane.ts';
import { bindRoles, create, DRAFT_SPEC } from './requests.ts';

it('scratch', async () => {
  const namespace = await createNamespace('hack');
  const pvc = (name: string, metadata: object) => JSON.stringify({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, ...metadata }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
  await mustKubectl(['create', 'rolebinding', 'ed', '--clusterrole=edit', '--user=ed'], { namespace });
  const out: unknown[] = [];
  out.push(await kubectl(['create', '-f', '-', '-o', 'json'], { namespace, as: 'ed', input: pvc('nul', { annotations: { 'moleculesai.app/workspace-uid': 'a\0b' } }) }));
  out.push(await kubectl(['create', '-f', '-'], { namespace, as: 'ed', input: pvc('jam', { finalizers: ['moleculesai.app/volume'], labels: { 'app.kubernetes.io/managed-by': 'molecule-operator' } }) }));
  out.push(await kubectl(['delete', 'pvc', 'jam', '--wait=false'], { namespace }));
  out.push(await kubectl(['delete', 'ns', namespace, '--wait=false', '--dry-run=server'], {}));
  await create({ kind: 'ApprovalRequest', name: 'nul', spec: { ...DRAFT_SPEC, reason: 'x\0y', requestedBy: 'ed' } }, { namespace, as: 'ed', groups: ['system:masters'] });
  out.push((await mustKubectl(['get', 'apr', 'nul', '-o', 'jsonpath={.spec.reason}'], { namespace })).length);
  console.log(JSON.stringify(out, null, 1));
  expect(1).toBe(1);
});
