import { Argument, InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from '../rules/duration.ts';
import { OBJECT_ARGUMENT, parseReference, REFERENCE_FORMS } from './object-reference.ts';

/** Timers of Node hold no more than 24 days; nobody waits that long. */
const LONGEST_TIMEOUT_MS = 24 * 3_600_000;

/** An Org, Workspace or TemplateAsset; `forms` are those of which the command takes any. */
export function objectArgument(forms: string = REFERENCE_FORMS): Argument {
  return new Argument(`<${OBJECT_ARGUMENT}>`, forms).argParser((text: string) => {
    const reference = parseReference(text);
    if (reference === undefined) throw new InvalidArgumentError(`Write ${forms}.`);
    return reference;
  });
}

/** In milliseconds; the default is spelled as people write it. */
export function timeoutOption(byDefault: string): Option {
  return new Option('--timeout <duration>', 'how long to wait, such as 90s or 5m')
    .argParser(parseTimeout)
    .default(parseDurationMs(byDefault), byDefault);
}

function parseTimeout(text: string): number {
  try {
    const timeoutMs = parseDurationMs(text);
    if (timeoutMs > 0 && timeoutMs <= LONGEST_TIMEOUT_MS) return timeoutMs;
  } catch {
    // Said below, in the words that fit both.
  }
  throw new InvalidArgumentError('Write hours, minutes and seconds such as 90s or 5m, at most 24h.');
}
