/** What a command may touch of its process. `process` itself is one; tests capture the output of another. */
export interface CommandIO {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What every program of ours exits with. 3 is kept free for a command that waits for a human's decision. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;
