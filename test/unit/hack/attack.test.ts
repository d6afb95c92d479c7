import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../hack/attack/attempt.ts';
import { ATTEMPTS } from '../../../hack/attack/routes.ts';
import { assess } from '../../../hack/attack/tenant.ts';
import { APPROVAL_FINALIZER, VOLUME_FINALIZER } from '../../../src/apis/v1alpha1/names.ts';
import type { KubeObject } from '../../../src/kube/objects.ts';

const DELETED = { deletionTimestamp: '2026-11-21T08:00:00Z' };

function object(kind: string, more: Partial<KubeObject['metadata']> = {}): KubeObject {
  const finalizers = kind === 'PersistentVolumeClaim' ? [VOLUME_FINALIZER] : [APPROVAL_FINALIZER];
  return { apiVersion: 'v1', kind, metadata: { name: 'writer', uid: 'u1', finalizers, ...more } };
}

const mapOf = (...objects: readonly KubeObject[]): ReadonlyMap<string, KubeObject> =>
  new Map(objects.map((one) => [`${one.kind}/${one.metadata.name}`, one]));

describe('what an attempt did to its victim', () => {
  it.each<[string, string, Partial<KubeObject['metadata']>, string]>([
    ['an object that was made again', 'Workspace', { uid: 'u2' }, 'Workspace/writer is another one'],
    ['a finalizer that is off', 'Workspace', { finalizers: [] }, 'Workspace/writer lost its finalizer'],
    [
      "a volume's finalizer that is off",
      'PersistentVolumeClaim',
      { finalizers: ['x/y'] },
      'PersistentVolumeClaim/writer lost its finalizer',
    ],
    [
      'a volume that is being deleted',
      'PersistentVolumeClaim',
      DELETED,
      'PersistentVolumeClaim/writer is being deleted',
    ],
    ['a Pod that is being deleted', 'Pod', DELETED, 'Pod/writer is being deleted'],
    [
      'a volume with an owner',
      'PersistentVolumeClaim',
      { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p' }] },
      'PersistentVolumeClaim/writer has an owner',
    ],
  ])('counts %s as lost', (_what, kind, change, lost) => {
    expect(assess(mapOf(object(kind)), mapOf(object(kind, change)))).toEqual({ lost: [lost], held: [] });
  });

  it('counts what is gone as lost, what waits as held, and what was added as nothing', () => {
    const before = mapOf(object('Pod'), object('Org'));
    const now = mapOf(object('Org', DELETED), object('Workspace'));
    expect(assess(before, now)).toEqual({ lost: ['Pod/writer is gone'], held: ['Org/writer'] });
    expect(assess(before, before)).toEqual({ lost: [], held: [] });
  });
});

describe('who refused', () => {
  const policy = `Error from server (Forbidden): x is forbidden: ValidatingAdmissionPolicy 'volumes.moleculesai.app' with binding 'b' denied request: Cannot`;
  it.each([
    ['one of our policies', 1, policy, 'refused by policy'],
    ['a policy of somebody else', 1, policy.replace('moleculesai.app', 'example.com'), 'refused by the api'],
    ['rights', 1, 'Error from server (Forbidden): pvc "a" is forbidden: User "ed" cannot delete', 'refused by rights'],
    ['the schema', 1, 'The ApprovalRequest "a" is invalid: spec: Invalid value', 'refused by schema'],
    ['nobody, as the attempt is misspelt', 1, 'error: unknown flag: --cascad', undefined],
    ['nobody, as it was taken with a warning', 0, policy, undefined],
  ])('is %s', (_who, code, stderr, verdict) => {
    expect(refusalOf({ code, stdout: '', stderr })).toBe(verdict);
  });
});

describe('the attempts', () => {
  it('are at least 60, by all five identities, each described once', () => {
    expect(ATTEMPTS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(ATTEMPTS.map(({ identity }) => identity)).size).toBe(5);
    const described = ATTEMPTS.map(({ attempt, identity }) => `${attempt} (${identity})`);
    expect(new Set(described).size).toBe(described.length);
  });
});
