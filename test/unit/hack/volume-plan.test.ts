import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { planVolumes } from '../../../hack/cluster/volume-plan.ts';

const PLACE = { dir: '/volumes', node: 'localhost' };

function claim(spec: V1PersistentVolumeClaim['spec'] = {}, phase = 'Pending'): V1PersistentVolumeClaim {
  return {
    metadata: { name: 'data', namespace: 'acme', uid: 'u1' },
    spec: { storageClassName: 'molecule-local', resources: { requests: { storage: '2Gi' } }, ...spec },
    status: { phase },
  };
}

interface VolumeFacts {
  readonly path?: string;
  readonly phase?: string;
  readonly policy?: string;
  readonly provisioner?: string;
}

function volume(facts: VolumeFacts = {}): V1PersistentVolume {
  const annotations = { 'pv.kubernetes.io/provisioned-by': facts.provisioner ?? 'molecule-local' };
  return {
    metadata: { name: 'pvc-u1', annotations },
    spec: {
      persistentVolumeReclaimPolicy: facts.policy ?? 'Delete',
      local: { path: facts.path ?? '/volumes/pvc-u1' },
    },
    status: { phase: facts.phase ?? 'Released' },
  };
}

describe('planVolumes', () => {
  it('makes a volume that only the waiting claim can bind, on this node', () => {
    const [action, ...others] = planVolumes({ claims: [claim()], volumes: [] }, PLACE);
    expect(others).toEqual([]);
    expect(action).toMatchObject({
      kind: 'create',
      path: '/volumes/pvc-u1',
      volume: {
        metadata: { name: 'pvc-u1', annotations: { 'pv.kubernetes.io/provisioned-by': 'molecule-local' } },
        spec: {
          capacity: { storage: '2Gi' },
          claimRef: { namespace: 'acme', name: 'data', uid: 'u1' },
          local: { path: '/volumes/pvc-u1' },
          persistentVolumeReclaimPolicy: 'Delete',
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['localhost'] }] },
              ],
            },
          },
        },
      },
    });
  });

  it.each([
    { name: 'is bound', claims: [claim({}, 'Bound')] },
    { name: 'is of another class', claims: [claim({ storageClassName: 'fast' })] },
    { name: 'names its volume itself', claims: [claim({ volumeName: 'mine' })] },
    {
      name: 'is being deleted',
      claims: [{ ...claim(), metadata: { ...claim().metadata, deletionTimestamp: new Date(0) } }],
    },
  ])('makes no volume for a claim that $name', ({ claims }) => {
    expect(planVolumes({ claims, volumes: [] }, PLACE)).toEqual([]);
  });

  it('makes nothing twice when a pass saw the volume but not yet the binding', () => {
    expect(planVolumes({ claims: [claim()], volumes: [volume({ phase: 'Available' })] }, PLACE)).toEqual([]);
  });

  it('removes the directory and volume of a claim that is gone', () => {
    const actions = planVolumes({ claims: [], volumes: [volume()] }, PLACE);
    expect(actions).toEqual([{ kind: 'delete', path: '/volumes/pvc-u1', name: 'pvc-u1' }]);
  });

  it.each([
    { name: 'is bound', facts: { phase: 'Bound' } },
    { name: 'is to be retained', facts: { policy: 'Retain' } },
    { name: 'belongs to another provisioner', facts: { provisioner: 'other' } },
    { name: 'points outside of our directory', facts: { path: '/etc' } },
    { name: 'climbs out of our directory', facts: { path: '/volumes/../etc' } },
    { name: 'points at our whole directory', facts: { path: '/volumes' } },
  ])('removes nothing of a volume that $name', ({ facts }) => {
    expect(planVolumes({ claims: [], volumes: [volume(facts)] }, PLACE)).toEqual([]);
  });
});
