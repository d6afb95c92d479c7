import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { captureOutput, runCommand } from '../../../src/cli/run-command.ts';
import { type Captured, capture } from './capture.ts';

async function run(action: () => void, signal = new AbortController().signal): Promise<Captured> {
  return capture((io) => runCommand(captureOutput(new Command('test'), io).action(action), [], { io, signal }));
}

function failing(message: string): () => void {
  return () => {
    throw new Error(message);
  };
}

describe('the exit code of a command', () => {
  it('is 0 for what went well', async () => {
    expect(await run(() => undefined)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('is 1 for a failure, which is said on one line that no terminal obeys', async () => {
    const failed = await run(failing('one\n  two\u001B[2J'));
    expect(failed).toEqual({ code: 1, stdout: '', stderr: 'Error: one two [2J\n' });
  });

  it('is 130 after an interruption, whatever came of it', async () => {
    const failed = await run(failing('a consequence'), AbortSignal.abort(new Error('SIGINT')));
    expect(failed).toEqual({ code: 130, stdout: '', stderr: 'Interrupted\n' });
  });
});
