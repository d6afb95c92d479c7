/** Exit codes of `materialize`: sysexits where one fits. They are API: people and Pods act on them. */
export const EXIT = {
  done: 0,
  usage: 2,
  /** The archive or bundle was refused; the target is as it was. */
  refused: 65,
  cannotWrite: 73,
  /** What is wanted cannot be known or had now. The kubelet backs off and runs us again. */
  tryAgain: 75,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a run with a code and a reason for people. */
export class MaterializeError extends Error {
  override readonly name = 'MaterializeError';
  readonly exitCode: Exclude<ExitCode, 0>;

  constructor(exitCode: Exclude<ExitCode, 0>, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
