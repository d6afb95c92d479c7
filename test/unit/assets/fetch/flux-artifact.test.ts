import { describe, expect, it } from 'vitest';
import { readFluxState } from '../../../../src/assets/fetch/flux-artifact.ts';

const NAMESPACE = 'tenant';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const DIGEST = 'e'.repeat(64);
const ARTIFACT = {
  digest: `sha256:${DIGEST}`,
  lastUpdateTime: '2026-01-01T00:00:00Z',
  path: 'gitrepository/tenant/tpl/x.tar.gz',
  revision: `main@sha1:${COMMIT}`,
  url: 'http://source-controller.flux-system.svc.cluster.local./gitrepository/tenant/tpl/x.tar.gz',
};
const READY = { type: 'Ready', status: 'True', reason: 'Succeeded' };

function state(artifact: object | undefined, ...conditions: readonly object[]) {
  return readFluxState({ status: { ...(artifact === undefined ? {} : { artifact }), conditions } }, NAMESPACE);
}

describe('the artifact of an object of Flux', () => {
  it('is what its status says', () => {
    expect(state(ARTIFACT, READY)).toEqual({
      kind: 'stored',
      artifact: { namespace: NAMESPACE, url: ARTIFACT.url, sha256: DIGEST, revision: COMMIT },
    });
  });

  it.each([
    [`main@sha1:${COMMIT}`, COMMIT],
    [`refs/tags/v1@sha1:${COMMIT}`, COMMIT],
    [`sha1:${COMMIT}`, COMMIT],
    [`latest@sha256:${'a'.repeat(64)}`, 'a'.repeat(64)],
    [`sha256:${'a'.repeat(64)}`, 'a'.repeat(64)],
    ['v1.0.0', DIGEST],
    [`main/${COMMIT}`, DIGEST],
    [`main@sha1:${COMMIT}0`, DIGEST],
    [`main@sha256:${COMMIT}`, DIGEST],
    [`not-sha1:${COMMIT}`, DIGEST],
  ])('has the revision of %s, or that of its archive', (revision, hex) => {
    expect(state({ ...ARTIFACT, revision }, READY)).toMatchObject({ artifact: { revision: hex } });
  });

  it('is taken while its controller looks for a newer one, and where no condition is kept', () => {
    expect(state(ARTIFACT, { type: 'Ready', status: 'Unknown', reason: 'Progressing' }).kind).toBe('stored');
    expect(readFluxState({ status: { artifact: ARTIFACT } }, NAMESPACE).kind).toBe('stored');
  });

  it.each([
    [
      'it is not Ready, whatever artifact it still has',
      [ARTIFACT, { ...READY, status: 'False', reason: 'GitOperationFailed' }],
      'GitOperationFailed',
    ],
    ['it has none yet', [undefined, { ...READY, status: 'Unknown', reason: 'Progressing' }], 'Progressing'],
    ['it says nothing at all', [undefined], undefined],
    ['its reason is no word', [undefined, { ...READY, status: 'False', reason: 'see\nhttp://x' }], undefined],
  ] as const)('is not there where %s', (_what, [artifact, ...conditions], reason) => {
    expect(state(artifact, ...conditions)).toEqual({ kind: 'notReady', ...(reason === undefined ? {} : { reason }) });
  });

  it.each(['sha512:00', `sha256:${'E'.repeat(64)}`, 'e'.repeat(64), '', undefined])(
    'has no digest that counts in %j',
    (digest) => {
      expect(state({ ...ARTIFACT, digest }, READY)).toEqual({ kind: 'invalid', fault: 'has no digest of sha256' });
    },
  );

  it.each([
    ['of another namespace', 'http://source/gitrepository/other/tpl/x.tar.gz'],
    ['that climbs into another namespace', 'http://source/gitrepository/tenant/../other/tpl/x.tar.gz'],
    ['that climbs by escapes', 'http://source/gitrepository/tenant/%2e%2e/other/x.tar.gz'],
    ['that hides a slash', 'http://source/gitrepository/tenant/..%2fother%2fx.tar.gz'],
    ['that climbs by backslashes', 'http://source/gitrepository/tenant\\..\\other\\x.tar.gz'],
    ['that names it elsewhere', 'http://source/other/tpl/tenant/x.tar.gz'],
    ['that names it in the query', 'http://source/gitrepository/other?/tenant/'],
    ['that names it in the host', 'http://tenant/gitrepository/other/x.tar.gz'],
    ['of a file', 'file:///gitrepository/tenant/tpl/x.tar.gz'],
    ['with a password', 'http://user:pass@source/gitrepository/tenant/tpl/x.tar.gz'],
    ['that is none', 'gitrepository/tenant/tpl/x.tar.gz'],
  ])('may not be at an address %s', (_what, url) => {
    expect(state({ ...ARTIFACT, url }, READY)).toMatchObject({
      kind: 'invalid',
      fault: expect.stringContaining('of this namespace'),
    });
  });

  it.each([{ status: { artifact: { url: 1 } } }, { status: 'x' }, 'x', null])('is not read out of %j', (object) => {
    expect(readFluxState(object, NAMESPACE).kind).toBe('invalid');
  });
});
