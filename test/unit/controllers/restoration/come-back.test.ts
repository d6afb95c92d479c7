import { describe, expect, it } from 'vitest';
import { ORGS, TEMPLATE_ASSETS, WORKSPACES } from '../../../../src/apis/v1alpha1/resources.ts';
import { findConformanceFaults } from '../../../../src/conditions/conformance.ts';
import { identify, mergeManagedFields, type Return } from '../../../../src/controllers/restoration/come-back.ts';
import { readKept } from '../../../../src/controllers/restoration/kept.ts';
import { probe, stableWords } from '../../../../src/controllers/restoration/probe.ts';
import { contradicts, identityOf, type Restorable } from '../../../../src/controllers/restoration/restorable.ts';
import { ApiError, TransportError } from '../../../../src/kube/errors.ts';
import type { KubeObject, Resource } from '../../../../src/kube/objects.ts';
import { uidOf } from '../../../builders/objects.ts';
import { held, madeAgain, managed, NOW, UID } from './fixture.ts';

const { signal } = new AbortController();

describe('managers of fields', () => {
  const restoration = managed('molecule-operator-restoration', 'Update');
  it.each([
    ['are those that were', [restoration], [managed('argo', 'Apply')], [managed('argo', 'Apply')]],
    [
      'that are back already stay as they are',
      [restoration, managed('argo', 'Apply')],
      [managed('argo', 'Apply')],
      [managed('argo', 'Apply')],
    ],
    [
      'are told apart by operation and subresource',
      [restoration, managed('a', 'Update', 'status')],
      [managed('a', 'Update'), managed('a', 'Apply'), managed('a', 'Update', 'status')],
      [managed('a', 'Update', 'status'), managed('a', 'Update'), managed('a', 'Apply')],
    ],
    [
      'never hold the one who brought it back, also not from an earlier time',
      [restoration],
      [restoration, managed('argo', 'Apply')],
      [managed('argo', 'Apply')],
    ],
    ['of nobody are nobody', [restoration], [], []],
  ])('%s', (_title, live, kept, merged) => {
    expect(mergeManagedFields(live, kept)).toEqual(merged);
  });

  it('keep what belongs to them', () => {
    const entry = { ...managed('argo', 'Apply'), fieldsV1: { 'f:spec': {} } };
    expect(mergeManagedFields([], [entry])).toEqual([entry]);
  });
});

describe('the first status of what came back', () => {
  const first = (kind: string, changes: Partial<Return> = {}) => {
    const resource = [WORKSPACES, ORGS, TEMPLATE_ASSETS].find((known) => known.kind === kind) ?? WORKSPACES;
    const [live, kept] = [madeAgain({ kind }), { ...held(), kind }];
    const input = { resource, live, kept, identity: identityOf(kept), isRunningOn: true, fieldManager: 'm', now: NOW };
    return { live, status: { ...identify({ ...input, ...changes })?.patch } };
  };

  it.each(['Org', 'Workspace', 'TemplateAsset'])(
    'of kind %s breaks no rule, whether its agent runs on or not',
    (kind) => {
      for (const isRunningOn of [true, false]) {
        const { live, status } = first(kind, { isRunningOn });
        expect(findConformanceFaults({ ...live, status }), `${kind} ${isRunningOn}`).toEqual([]);
      }
    },
  );

  it('breaks no rule where somebody else made it otherwise', () => {
    const { live, status } = first('Workspace', { live: madeAgain({ spec: {} }) });
    expect(findConformanceFaults({ ...live, status })).toEqual([]);
  });

  it('of a TemplateAsset has what agents have from it, also when nothing else is certain', () => {
    const kept: Restorable = { ...held(), kind: 'TemplateAsset', status: { artifact: { digest: 'x' } } };
    for (const isRunningOn of [true, false]) {
      expect(first('TemplateAsset', { kept, isRunningOn }).status).toMatchObject({ artifact: { digest: 'x' } });
    }
  });

  it('does not carry a leave to delete over', () => {
    const kept = { ...held(), status: { ...held().status, deletionGrant: { request: 'apr-1' } } };
    expect(first('Workspace', { kept }).status).not.toHaveProperty('deletionGrant');
  });
});

describe('what an object keeps', () => {
  const own = (kind: string, spec: Restorable['spec'], status: Restorable['status']): Restorable => {
    const { status: _status, ...rest } = held();
    return { ...rest, kind, spec, ...(status === undefined ? {} : { status }) };
  };
  it.each([
    ['Workspace', {}, undefined, { id: UID, incarnation: UID }],
    ['Workspace', { id: 'given' }, { id: 'given', incarnation: 'first' }, { id: 'given', incarnation: 'first' }],
    ['Workspace', {}, { id: 'derived', incarnation: 'first' }, { id: 'derived', incarnation: 'first' }],
    ['Org', {}, undefined, { id: UID }],
    ['Org', {}, { orgID: 'before' }, { id: 'before' }],
    ['Org', { orgID: 'given' }, { orgID: 'given' }, { id: 'given' }],
    ['TemplateAsset', {}, undefined, {}],
  ])('of kind %s, spec %j and status %j is %j', (kind, spec, status, kept) => {
    expect(identityOf(own(kind, spec, status))).toEqual(kept);
  });

  it.each([
    ['Workspace', {}, undefined, false],
    ['Workspace', { id: 'i' }, { id: 'i', incarnation: 'n' }, false],
    ['Workspace', { id: 'other' }, undefined, true],
    ['Workspace', {}, { incarnation: 'other' }, true],
    ['Workspace', {}, { id: 'other' }, true],
    ['Org', { orgID: 'other' }, undefined, true],
    ['Org', {}, { orgID: 'i' }, false],
    ['TemplateAsset', {}, undefined, false],
  ])('is contradicted by a %s of spec %j and status %j: %s', (kind, spec, status, isContradicted) => {
    const kept = kind === 'TemplateAsset' ? {} : { id: 'i', incarnation: 'n' };
    expect(contradicts(own(kind, spec, status), kept)).toBe(isContradicted);
  });
});

describe('the question whether it could be made again', () => {
  const ask = async (answer: Error | undefined) => {
    const calls: unknown[] = [];
    const create = async <T extends KubeObject>(_resource: Resource, object: T, options: object): Promise<T> => {
      calls.push(object.metadata, options);
      if (answer !== undefined) throw answer;
      return object;
    };
    return { answer: await probe(held(), { client: { create }, resource: WORKSPACES, signal }), calls };
  };

  it('stores nothing, and asks for what would be made', async () => {
    const { calls } = await ask(new ApiError('exists', { code: 409, reason: 'AlreadyExists' }));
    expect(calls).toEqual([
      expect.not.objectContaining({ uid: expect.anything() }),
      expect.objectContaining({ dryRun: true, fieldManager: 'molecule-operator-restoration' }),
    ]);
  });

  it.each([
    [
      'nothing but the name is in the way',
      new ApiError('exists', { code: 409, reason: 'AlreadyExists' }),
      { kind: 'possible' },
    ],
    ['nothing at all is', undefined, { kind: 'possible' }],
    [
      'the namespace is going',
      new ApiError('is being terminated', { code: 403, reason: 'Forbidden' }),
      { kind: 'refused', message: 'is being terminated' },
    ],
    [
      'the CRD is going',
      new ApiError('create not allowed', { code: 405, reason: 'MethodNotAllowed' }),
      { kind: 'refused', message: 'create not allowed' },
    ],
    [
      'a webhook knows no dry run',
      new ApiError('does not support dry run', { code: 400, reason: 'BadRequest' }),
      { kind: 'refused', message: 'does not support dry run' },
    ],
  ])('is answered where %s', async (_title, error, answer) => {
    expect((await ask(error)).answer).toEqual(answer);
  });

  it.each([
    ['nobody answered', new TransportError('reset')],
    ['the apiserver failed', new ApiError('oops', { code: 500, reason: 'InternalError' })],
    ['it is overloaded', new ApiError('later', { code: 429, reason: 'TooManyRequests' })],
    ['a quota is being counted', new ApiError('modified', { code: 409, reason: 'Conflict' })],
    ['the kind is not served now', new ApiError('not found', { code: 404, reason: '' })],
  ])('is not answered where %s', async (_title, error) => {
    await expect(ask(error)).rejects.toBe(error);
  });

  it('is answered in words that stay the same', () => {
    const words = `at 2026-03-01T10:00:00.123Z the object ${uidOf('x')} was refused`;
    expect(stableWords(words)).toBe('at … the object … was refused');
    const quota = 'exceeded quota: q, requested: count/orgs=1, used: count/orgs=7, limited: count/orgs=7';
    expect(stableWords(quota)).not.toContain('used');
  });
});

describe('what the ledger keeps of an object', () => {
  const ledger = (kept: Readonly<Record<string, KubeObject>>) => ({
    readSnapshot: async (subject: string) => kept[subject],
  });
  it.each([
    ['nothing', {}, { newest: undefined, nextSubject: UID }],
    ['one version', { [UID]: held() }, { newest: held(), nextSubject: `${UID}/2` }],
    [
      'two versions',
      { [UID]: held(), [`${UID}/2`]: held({ labels: { team: 'late' } }) },
      { newest: held({ labels: { team: 'late' } }), nextSubject: `${UID}/3` },
    ],
  ])('is %s: the newest counts, and the next has a subject of its own', async (_title, kept, expected) => {
    expect(await readKept(ledger(kept), UID, signal)).toEqual(expected);
  });
});
