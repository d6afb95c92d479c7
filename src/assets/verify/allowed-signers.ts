import { readSshPublicKey } from './ssh-key.ts';
import { NAMESPACE } from './ssh-signature.ts';
import { decodeBase64, SshWireError } from './ssh-wire.ts';

/** An SSH key that may sign commits, and when. */
export interface AllowedSigner {
  readonly fingerprint: string;
  /** From then on. */
  readonly validAfter?: Date;
  /** Until then. */
  readonly validBefore?: Date;
}

/** The line of the file that cannot be used, and why. */
export class AllowedSignersError extends Error {
  override readonly name = 'AllowedSignersError';

  constructor(line: number, why: string) {
    super(`line ${line}: ${why}`);
  }
}

/** Parts between spaces; what is quoted may hold some. */
const FIELD = /(?:"[^"]*"|[^\s"])+/g;
const KEY_TYPE = /^(?:ssh|ecdsa|sk)-[^\s"=]+$/;
const OPTION = /^(?<name>[A-Za-z-]+)(?:="(?<value>[^"]*)")?$/;
const TIME = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?Z?$/;

/**
 * The keys of a file such as `ssh-keygen -Y verify` takes. One line that cannot be used refuses all of it, because what it
 * was to allow or to limit is not known. Whose key it is (the principals) is not looked at, as Git does not; keys that may
 * not sign for Git are left out. Times are UTC.
 * @throws AllowedSignersError
 */
export function parseAllowedSigners(text: string): readonly AllowedSigner[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) return [];
    try {
      return parseLine(content);
    } catch (error) {
      if (error instanceof SshWireError) throw new AllowedSignersError(index + 1, error.message);
      throw error;
    }
  });
}

function parseLine(line: string): readonly AllowedSigner[] {
  const fields = line.split('"').length % 2 === 1 ? (line.match(FIELD) ?? []) : [];
  const [options, type, key] = KEY_TYPE.test(fields[1] ?? '') ? ['', ...fields.slice(1)] : fields.slice(1);
  if (options === undefined || type === undefined || key === undefined)
    throw new SshWireError('it is not "principals [options] type key"');
  const { namespaces, ...validity } = parseOptions(options);
  const read = readSshPublicKey(decodeBase64(key));
  if (read.type !== type) throw new SshWireError('its key is of another type than it says');
  return isForGit(namespaces) ? [{ fingerprint: read.fingerprint, ...validity }] : [];
}

interface Options {
  namespaces?: string;
  validAfter?: Date;
  validBefore?: Date;
}

function parseOptions(text: string): Options {
  const options: Options = {};
  // Commas also stand between quotes.
  for (const option of text.match(/(?:"[^"]*"|[^,"])+/g) ?? []) {
    const { name = '', value } = OPTION.exec(option)?.groups ?? {};
    const known = name.toLowerCase();
    if (known === 'cert-authority') throw new SshWireError('certificates are not read; list the keys themselves');
    if (known === 'namespaces' && value !== undefined && options.namespaces === undefined) options.namespaces = value;
    else if (known === 'valid-after' && options.validAfter === undefined) options.validAfter = parseTime(value);
    else if (known === 'valid-before' && options.validBefore === undefined) options.validBefore = parseTime(value);
    else throw new SshWireError('it has an option that is not known or stands there twice');
  }
  return options;
}

function parseTime(value = ''): Date {
  const [, year, month, day, ...rest] = TIME.exec(value) ?? [];
  const [hour = '00', minute = '00', second = '00'] = rest;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // A day that no month has would be taken for one of the next.
  if (Number.isNaN(time.getTime()) || time.getUTCDate() !== Number(day))
    throw new SshWireError('it has a time that is not YYYYMMDD, YYYYMMDDhhmm or YYYYMMDDhhmmss');
  return time;
}

/** A list of OpenSSH's patterns, with *, ? and ! for what is not meant. */
function isForGit(namespaces = '*'): boolean {
  const patterns = namespaces.split(',');
  const isExcepted = patterns.some((pattern) => pattern.startsWith('!') && isMeant(pattern.slice(1)));
  return !isExcepted && patterns.some(isMeant);
}

function isMeant(pattern: string): boolean {
  const shortest = pattern.replace(/\*+/g, '*');
  // With more than a star around each letter it asks for more letters; nobody's pattern becomes a long expression.
  if (shortest.length > 2 * NAMESPACE.length + 1) return false;
  const literal = shortest.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(NAMESPACE);
}
