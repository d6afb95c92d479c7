import { describe, expect, it } from 'vitest';
import { REASONS } from '../../../../src/apis/v1alpha1/reasons.ts';
import type { WorkspaceEnvItem } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { resolveEnvironment, secretKeys } from '../../../../src/controllers/workspace/check-environment.ts';
import type { SecretReading } from '../../../../src/controllers/workspace/secret-reader.ts';
import { workspace } from '../../../builders/objects.ts';
import { running, snapshot } from './fixture.ts';

const literal = (name: string, value = 'x'): WorkspaceEnvItem => ({ name, value });
const fromSecret = (name: string, secret: string, key: string): WorkspaceEnvItem => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});
const found = (digests: Readonly<Record<string, string>>): SecretReading => ({
  kind: 'found',
  digests: new Map(Object.entries(digests)),
});
const withEnv = (...env: readonly WorkspaceEnvItem[]) => workspace('researcher', { spec: { env } });

const resolve = (
  env: readonly WorkspaceEnvItem[],
  secrets: Readonly<Record<string, SecretReading>> = {},
  base = snapshot(),
) => resolveEnvironment({ ...base, workspace: withEnv(...env), secrets: new Map(Object.entries(secrets)) });

describe('the variables of spec.env', () => {
  it('may be anything that is neither the platform’s nor a credential in clear', () => {
    expect(resolve([literal('LANG'), literal('LD_PRELOAD'), literal('tier')])).toEqual({});
  });

  it('may hold a well-known credential when it comes from a Secret', () => {
    const { blocker } = resolve([fromSecret('GITHUB_TOKEN', 'forge', 'token')], { forge: found({ token: 'd' }) });
    expect(blocker).toBeUndefined();
  });

  it.each([
    [
      'what the platform sets, sorted',
      [literal('TIER'), literal('MOLECULE_X'), literal('MODEL')],
      'spec.env cannot be used: the platform sets MODEL, MOLECULE_X, TIER itself; remove it and use the field that it comes from',
    ],
    [
      'a credential in clear, without its value',
      [literal('GL_TOKEN', 'hunter2'), literal('GH_TOKEN', 'hunter2')],
      'spec.env cannot be used: the credential GH_TOKEN, GL_TOKEN is written in clear; put it into a Secret and use valueFrom',
    ],
    [
      'both at once',
      [literal('GH_TOKEN'), fromSecret('TIER', 's', 'k')],
      'spec.env cannot be used: the platform sets TIER itself; remove it and use the field that it comes from; and the credential GH_TOKEN is written in clear; put it into a Secret and use valueFrom',
    ],
  ])('are refused for %s', (_name, env, message) => {
    expect(resolve(env)).toEqual({ blocker: { kind: 'stalled', reason: REASONS.envForbidden, message } });
  });
});

describe('the Secrets of spec.env', () => {
  it('are named once each with their keys, all sorted', () => {
    const env = [
      fromSecret('C', 'z', 'two'),
      fromSecret('A', 'z', 'one'),
      fromSecret('B', 'a', 'k'),
      fromSecret('D', 'z', 'one'),
    ];
    expect([...secretKeys(withEnv(...env, literal('E')))]).toEqual([
      ['a', ['k']],
      ['z', ['one', 'two']],
    ]);
  });

  it('give a hash that changes with a value and with nothing else, and are looked at again in two minutes', () => {
    const env = [fromSecret('A', 's', 'k')];
    const before = resolve(env, { s: found({ k: 'old' }) });
    expect(before.recheckMs).toBe(120_000);
    expect(resolve(env, { s: found({ k: 'old' }) }).secretsHash).toBe(before.secretsHash);
    expect(resolve(env, { s: found({ k: 'new' }) }).secretsHash).not.toBe(before.secretsHash);
  });

  it('keep an agent from starting when they do not exist, all named', () => {
    const env = [fromSecret('A', 'z', 'k'), fromSecret('B', 'a', 'k'), fromSecret('C', 'there', 'k')];
    expect(resolve(env, { z: { kind: 'missing' }, a: { kind: 'missing' }, there: found({ k: 'd' }) })).toEqual({
      blocker: {
        kind: 'waiting',
        reason: REASONS.secretNotFound,
        message: 'spec.env names Secrets that do not exist in this namespace (a, z); create them or change spec.env',
      },
      recheckMs: 15_000,
    });
  });

  it('keep an agent from starting when they lack a key', () => {
    const env = [fromSecret('A', 's', 'there'), fromSecret('B', 's', 'gone')];
    expect(resolve(env, { s: found({ there: 'd' }) })).toEqual({
      blocker: {
        kind: 'waiting',
        reason: REASONS.secretKeyMissing,
        message: 'spec.env names keys that their Secrets do not have (s/gone); add them or change spec.env',
      },
      recheckMs: 15_000,
    });
  });

  it('start no agent while they cannot be read', () => {
    expect(resolve([fromSecret('A', 's', 'k')], { s: { kind: 'unread' } })).toEqual({
      blocker: {
        kind: 'waiting',
        reason: REASONS.secretNotRead,
        message: 'The Secrets of spec.env cannot be read now (s); the agent starts once they can',
      },
      recheckMs: 15_000,
    });
  });

  it('neither stop nor restart an agent that runs while they cannot be read', () => {
    expect(resolve([fromSecret('A', 's', 'k')], { s: { kind: 'unread' } }, running())).toEqual({ recheckMs: 15_000 });
  });
});
