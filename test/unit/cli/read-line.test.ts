import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readLine } from '../../../src/cli/read-line.ts';

const { signal } = new AbortController();

describe('readLine()', () => {
  it.each([
    ['the first line, without what surrounds it', ' yes \nno\n', 'yes'],
    ['what there is when no line ends', 'yes', 'yes'],
    ['nothing at the end of the input', '', ''],
  ])('gives %s', async (_what, typed, line) => {
    expect(await readLine(Readable.from([typed]), signal)).toBe(line);
  });

  it('ends when the command is interrupted', async () => {
    const controller = new AbortController();
    const reading = readLine(new PassThrough(), controller.signal);
    controller.abort(new Error('Interrupted by SIGINT'));
    await expect(reading).rejects.toThrow('Interrupted by SIGINT');
  });
});
