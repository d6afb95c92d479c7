import { describe, expect, it } from 'vitest';
import { type BackoffState, decideBackoff, decodeBackoff, encodeBackoff } from '../../../src/materialize/backoff.ts';

const NOW = 1_800_000_000_000;

describe('back-off', () => {
  it.each([
    ['no earlier start', undefined, NOW, { kind: 'start', next: { quickRestarts: 0, lastStartMs: NOW } }],
    [
      'a first restart after 1 s',
      { quickRestarts: 0, lastStartMs: NOW - 1_000 },
      NOW,
      { kind: 'start', next: { quickRestarts: 1, lastStartMs: NOW } },
    ],
    [
      'a first restart at once',
      { quickRestarts: 0, lastStartMs: NOW - 999 },
      NOW,
      { kind: 'wait', remainingMs: 1, quickRestarts: 1 },
    ],
    [
      'a third restart after 3 s',
      { quickRestarts: 2, lastStartMs: NOW - 3_000 },
      NOW,
      { kind: 'wait', remainingMs: 1_000, quickRestarts: 3 },
    ],
    [
      'the hundredth restart',
      { quickRestarts: 99, lastStartMs: NOW },
      NOW,
      { kind: 'wait', remainingMs: 60_000, quickRestarts: 100 },
    ],
    [
      'the hundredth restart after a minute',
      { quickRestarts: 99, lastStartMs: NOW - 60_000 },
      NOW,
      { kind: 'start', next: { quickRestarts: 100, lastStartMs: NOW } },
    ],
    [
      'an agent that ran ten minutes',
      { quickRestarts: 99, lastStartMs: NOW - 600_000 },
      NOW,
      { kind: 'start', next: { quickRestarts: 0, lastStartMs: NOW } },
    ],
    [
      'a clock that went back',
      { quickRestarts: 99, lastStartMs: NOW + 1 },
      NOW,
      { kind: 'start', next: { quickRestarts: 0, lastStartMs: NOW } },
    ],
  ] as const)('decides for %s', (_case, state, nowMs, verdict) => {
    expect(decideBackoff(state, nowMs)).toEqual(verdict);
  });

  it('keeps its state as text, and takes nonsense for none', () => {
    const state: BackoffState = { quickRestarts: 3, lastStartMs: NOW };
    expect(decodeBackoff(encodeBackoff(state))).toEqual(state);
    for (const text of [
      '',
      'null',
      '{}',
      '{"quickRestarts":"3","lastStartMs":1}',
      '{"quickRestarts":1.5,"lastStartMs":1}',
    ]) {
      expect(decodeBackoff(text)).toBeUndefined();
    }
  });
});
