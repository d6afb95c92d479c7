import { describe, expect, it } from 'vitest';
import { effectiveRuntime, hostingOf, resolveImage } from '../../../src/rules/runtime.ts';

const catalog = new Map([
  ['claude-code', 'catalog/claude-code'],
  ['codex', 'catalog/codex'],
  ['house-made', 'catalog/house-made'],
]);

describe('resolveImage()', () => {
  it.each([
    ['its own image before all else', { image: 'own', runtime: 'codex' }, { image: 'default' }, 'own'],
    ["the defaults' image when it names no runtime", {}, { runtime: 'codex', image: 'default' }, 'default'],
    [
      "the defaults' image when it names their runtime",
      { runtime: 'codex' },
      { runtime: 'codex', image: 'default' },
      'default',
    ],
    [
      "the catalog's when it names another runtime",
      { runtime: 'codex' },
      { runtime: 'hermes', image: 'default' },
      'catalog/codex',
    ],
    [
      'claude-code as the runtime of defaults that name none',
      { runtime: 'claude-code' },
      { image: 'default' },
      'default',
    ],
    [
      'so never the image of those defaults for another runtime',
      { runtime: 'codex' },
      { image: 'default' },
      'catalog/codex',
    ],
    ["the catalog's of the defaults' runtime when nothing names an image", {}, { runtime: 'codex' }, 'catalog/codex'],
    ["the catalog's of claude-code when nobody names anything", {}, {}, 'catalog/claude-code'],
    ['a runtime that only the catalog knows', { runtime: 'house-made' }, {}, 'catalog/house-made'],
    ['any image that is named for a runtime that nobody knows', { runtime: 'novel', image: 'own' }, {}, 'own'],
  ])('takes %s', (_name, own, defaults, image) => {
    expect(resolveImage({ own, defaults }, catalog)).toEqual({ kind: 'found', image });
  });

  it.each([
    ['hermes', { runtime: 'hermes' }, {}],
    ['langgraph', {}, { runtime: 'langgraph' }],
  ])('says of the known runtime %s that the catalog has no image for it', (runtime, own, defaults) => {
    expect(resolveImage({ own, defaults }, catalog)).toEqual({ kind: 'uncatalogued', runtime });
  });

  it('lets no image of the defaults stand in for a runtime that the catalog lacks', () => {
    const choices = { own: { runtime: 'hermes' }, defaults: { runtime: 'codex', image: 'default' } };
    expect(resolveImage(choices, catalog)).toEqual({ kind: 'uncatalogued', runtime: 'hermes' });
  });

  it('lists what is known, sorted and once, for a runtime that is not', () => {
    expect(resolveImage({ own: { runtime: 'hermse' }, defaults: {} }, catalog)).toEqual({
      kind: 'unknown',
      runtime: 'hermse',
      known: [
        'autogen',
        'claude-code',
        'codex',
        'crewai',
        'deepagents',
        'external',
        'gemini-cli',
        'google-adk',
        'hermes',
        'house-made',
        'kimi',
        'kimi-cli',
        'langgraph',
        'mock',
        'openclaw',
      ],
    });
  });
});

describe('hostingOf()', () => {
  it.each([
    ['external', 'External'],
    ['kimi', 'External'],
    ['kimi-cli', 'External'],
    ['mock', 'Mock'],
    ['claude-code', 'Pod'],
    ['novel', 'Pod'],
  ])('of %s is %s', (runtime, hosting) => {
    expect(hostingOf(runtime)).toBe(hosting);
  });
});

describe('effectiveRuntime()', () => {
  it.each([
    ["the Workspace's own", { own: { runtime: 'codex' }, defaults: { runtime: 'hermes' } }, 'codex'],
    ["else the defaults'", { own: {}, defaults: { runtime: 'hermes' } }, 'hermes'],
    ['else claude-code', { own: {}, defaults: {} }, 'claude-code'],
  ])('is %s', (_name, choices, runtime) => {
    expect(effectiveRuntime(choices)).toBe(runtime);
  });
});
