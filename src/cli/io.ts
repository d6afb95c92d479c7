/** What a command may touch of its process. `process` itself is one; tests capture the output of another. */
export interface CommandIO {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Absent where nobody can be asked. */
  readonly stdin?: Input;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** `process.stdin` is one. */
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** What every program of ours exits with. `waiting`: nothing failed, a human has to decide first. */
export const EXIT = { ok: 0, failed: 1, usage: 2, waiting: 3, interrupted: 130 } as const;
