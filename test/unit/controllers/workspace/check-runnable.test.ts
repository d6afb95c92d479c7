import { describe, expect, it } from 'vitest';
import { REASONS } from '../../../../src/apis/v1alpha1/reasons.ts';
import type { OrgSpec, WorkspaceSpec } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { stalled } from '../../../../src/controllers/workspace/blocker.ts';
import { resolveRunnable, runnableVerdict } from '../../../../src/controllers/workspace/check-runnable.ts';
import { org, workspace } from '../../../builders/objects.ts';
import { snapshot } from './fixture.ts';

interface World {
  readonly spec?: WorkspaceSpec;
  readonly defaults?: OrgSpec['defaults'];
  readonly allowPrivilegedTiers?: boolean;
  readonly catalog?: Readonly<Record<string, string>>;
}

function resolve({ spec = {}, defaults = { image: 'example/agent:1' }, allowPrivilegedTiers, catalog = {} }: World) {
  const permission = allowPrivilegedTiers === undefined ? {} : { allowPrivilegedTiers };
  return resolveRunnable(
    snapshot({
      workspace: workspace('researcher', { spec: { kind: 'workspace', ...spec } }),
      org: org({ spec: { defaults, ...permission } }),
      catalog: new Map(Object.entries(catalog)),
    }),
  );
}

describe('the tier of a Workspace', () => {
  it.each([
    ['its own', { tier: 1 }, { tier: 2 }, 1],
    ["else the Org's default", {}, { tier: 1 }, 1],
    ['else 2', {}, {}, 2],
    ["for the platform agent 0, whatever the Org's default is", { kind: 'platform' as const }, { tier: 1 }, 0],
  ])('is %s', (_name, spec, defaults, tier) => {
    expect(resolve({ spec, defaults: { image: 'x', ...defaults } }).resolved?.tier).toBe(tier);
  });

  it.each([
    ['3 where the Org says nothing about it', { tier: 3 }, undefined],
    ['4 where the Org does not allow it', { tier: 4 }, false],
  ])('is refused when it is %s', (_name, spec, allowPrivilegedTiers) => {
    const { blocker, resolved } = resolve({
      spec,
      ...(allowPrivilegedTiers === undefined ? {} : { allowPrivilegedTiers }),
    });
    expect(resolved).toBeUndefined();
    expect(blocker).toEqual({
      kind: 'stalled',
      reason: REASONS.tierNotAllowed,
      message: `Tier ${spec.tier} runs privileged on the node, which the Org does not allow; set spec.tier to 1 or 2, or spec.allowPrivilegedTiers of the Org to true`,
    });
  });

  it('may be privileged where the Org allows it', () => {
    expect(resolve({ spec: { tier: 4 }, allowPrivilegedTiers: true }).resolved?.profile).toMatchObject({
      isPrivileged: true,
      hasHostNetwork: true,
    });
  });

  it('is refused when it is 0 and the Workspace is not the platform agent', () => {
    expect(resolve({ spec: { tier: 0 }, allowPrivilegedTiers: true }).blocker).toMatchObject({
      kind: 'stalled',
      reason: REASONS.tierNotAllowed,
      message: "Tier 0 is the platform agent's; set spec.tier to 1 or 2",
    });
  });
});

describe('the image of a Workspace', () => {
  it("is the catalog's for a runtime of its own, never the Org's default for another", () => {
    const world = { spec: { runtime: 'codex' }, defaults: { runtime: 'hermes', image: 'example/hermes:1' } };
    expect(resolve({ ...world, catalog: { codex: 'example/codex:1' } }).resolved?.image).toBe('example/codex:1');
    expect(resolve(world).blocker).toEqual({
      kind: 'stalled',
      reason: REASONS.imageMissing,
      message:
        'No image is known for the runtime "codex"; add the key "codex" to the ConfigMap molecule-runtimes in the namespace molecule-system, or set spec.image',
    });
  });

  it('cannot be found for a runtime that nobody knows, and the known ones are named', () => {
    expect(resolve({ spec: { runtime: 'codecks' }, catalog: { 'a-house-made': 'x' } }).blocker).toEqual({
      kind: 'stalled',
      reason: REASONS.runtimeUnknown,
      message:
        'The runtime "codecks" is not known; set spec.image, or use one of a-house-made, autogen, claude-code, codex, crewai, deepagents, external, gemini-cli, google-adk, hermes, kimi, kimi-cli, langgraph, mock, openclaw',
    });
  });

  it('is asked for at the Org when the platform agent has none', () => {
    expect(resolve({ spec: { kind: 'platform' }, defaults: {} }).blocker?.message).toContain(
      'or set spec.platformAgent.image of the Org',
    );
  });
});

describe('the rest of what runs', () => {
  it("takes the pull secrets of the Workspace in addition to the Org's, sorted and each once", () => {
    const pullSecrets = (...names: readonly string[]) => ({ imagePullSecrets: names.map((name) => ({ name })) });
    const { resolved } = resolve({
      spec: pullSecrets('own', 'both'),
      defaults: { image: 'x', ...pullSecrets('zone', 'both') },
    });
    expect(resolved?.imagePullSecrets).toEqual(['both', 'own', 'zone']);
  });

  it.each([
    ['its own model and provider', { model: 'm', provider: 'p' }, { model: 'm', provider: 'p' }],
    ["the Org's, where it names neither", {}, { model: 'default-model', provider: 'default-provider' }],
    ["no provider of the Org's for a model of its own", { model: 'm' }, { model: 'm', provider: undefined }],
  ])('takes %s', (_name, spec, expected) => {
    const defaults = { image: 'x', model: 'default-model', provider: 'default-provider' };
    const { resolved } = resolve({ spec, defaults });
    expect({ model: resolved?.model, provider: resolved?.provider }).toEqual(expected);
  });

  it("takes each half of the storage from the Workspace, else the Org's default, else 1Gi of the default class", () => {
    const storage = (spec: WorkspaceSpec, defaults: OrgSpec['defaults']) =>
      resolve({ spec, defaults: { image: 'x', ...defaults } }).resolved?.storage;
    expect(storage({}, {})).toEqual({ size: '1Gi' });
    expect(storage({ storage: { size: '2Gi' } }, { storage: { size: '3Gi', className: 'fast' } })).toEqual({
      size: '2Gi',
      className: 'fast',
    });
  });
});

describe('the condition Runnable', () => {
  it.each([
    ['is True when nothing keeps the agent from running', org(), undefined, 'True', 'Runnable'],
    ['says why it cannot run', org(), stalled(REASONS.imageMissing, 'Why'), 'False', 'ImageMissing'],
    ['is not known without an Org', undefined, stalled(REASONS.imageMissing, 'Why'), 'Unknown', 'OrgNotFound'],
  ])('%s', (_name, given, blocker, status, reason) => {
    expect(runnableVerdict(given, blocker)).toMatchObject({ type: 'Runnable', status, reason });
  });
});
