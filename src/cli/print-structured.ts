import { stringify } from 'yaml';
import type { Output } from './io.ts';

/** Version of everything that commands print as JSON and YAML: members are added, never renamed or removed. */
export const CLI_API_VERSION = 'cli.moleculesai.app/v1alpha1';

/** Writes a document for programs. */
export function printStructured(document: object, format: 'json' | 'yaml', output: Output): void {
  output.write(format === 'json' ? `${JSON.stringify(document, null, 2)}\n` : stringify(document));
}
