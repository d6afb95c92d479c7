import type { Connect } from './connect.ts';
import type { CommandIO } from './io.ts';

/** What every command of the plugin is given by its process, or by a test. */
export interface CommandContext {
  readonly io: CommandIO;
  readonly connect: Connect;
  readonly now: () => Date;
  /** `import.meta.url` of the program: what belongs to its package lies beside it. */
  readonly programURL: string;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}
