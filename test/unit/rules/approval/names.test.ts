import { describe, expect, it } from 'vitest';
import { countsAsAsker, isAttributed } from '../../../../src/rules/approval/askers.ts';
import { draftName, requestName } from '../../../../src/rules/approval/request-name.ts';

const IDENTITY = { action: 'delete_workspace', uid: '00000000-0000-4000-8000-000000000001', attempt: 1 } as const;

describe('requestName()', () => {
  it('is the same for the same attempt, on every machine', () => {
    expect(requestName(IDENTITY)).toBe('apr-706d1e7e03b54a5ff282');
    expect(requestName(IDENTITY)).toMatch(/^apr-[0-9a-f]{20}$/);
  });

  it.each([
    ['action', { action: 'delete_org' }],
    ['object', { uid: '00000000-0000-4000-8000-000000000002' }],
    ['attempt', { attempt: 2 }],
  ] as const)('is another for another %s', (_what, change) => {
    expect(requestName({ ...IDENTITY, ...change })).not.toBe(requestName(IDENTITY));
  });

  it('cannot be shifted from one part to the next', () => {
    expect(requestName({ ...IDENTITY, uid: 'a1', attempt: 1 })).not.toBe(
      requestName({ ...IDENTITY, uid: 'a', attempt: 11 }),
    );
  });
});

describe('draftName()', () => {
  it('is outside of the names that are kept for the operator', () => {
    expect(draftName(IDENTITY)).toBe(requestName(IDENTITY).replace('apr-', 'ask-'));
  });
});

describe('who asked', () => {
  it.each([
    ['a person', 'jane@example.com', true],
    ['an account of a namespace', 'system:serviceaccount:flux-system:kustomize-controller', true],
    ['an account whose namespace begins like that of the cluster', 'system:serviceaccount:kube-systems:a', true],
    ['a controller of the cluster', 'system:serviceaccount:kube-system:generic-garbage-collector', false],
    ['the controllers of a cluster that gives them no accounts', 'system:kube-controller-manager', false],
    ['the word for nobody', 'unattributed', false],
    ['nobody', '', false],
  ])('%s counts or not', (_who, userName, counts) => {
    expect(countsAsAsker(userName)).toBe(counts);
  });

  it('is known as soon as one of them counts', () => {
    const collector = 'system:serviceaccount:kube-system:generic-garbage-collector';
    expect(isAttributed([])).toBe(false);
    expect(isAttributed([collector])).toBe(false);
    expect(isAttributed([collector, 'jane@example.com'])).toBe(true);
  });
});
