import { expect, it } from 'vitest';
import { ANNOTATIONS } from '../../../src/apis/v1alpha1/names.ts';
import { requestedAt } from '../../../src/controllers/requested-at.ts';

const annotations = { [ANNOTATIONS.requestedAt]: 'x'.repeat(300) };

it('is cut to what status can echo', () => {
  expect(requestedAt({ annotations })).toBe('x'.repeat(256));
  expect(requestedAt({})).toBeUndefined();
});
