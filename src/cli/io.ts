/** What a command may touch of its process. `process` itself is one; tests capture the output of another. */
export interface CommandIO {
  readonly stdout: Output & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Output {
  write(text: string): unknown;
}

/** What every program of ours exits with. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;
