import { inspect } from 'node:util';
import { sha256Hex } from '../../platform/digest.ts';
import { hostOf } from './allowed-hosts.ts';

/** In whose place a token is shown, wherever one would be. */
const HIDDEN = '***';

/**
 * A token and the hosts that it was made for. It goes to no other, whoever asks: a TemplateAsset that is pointed at another
 * server does not take the token along. Whatever prints, serialises or inspects it gets `***`.
 */
export class ForgeCredential {
  /** Tells credentials apart without knowing them; for keys in memory and on disk. */
  readonly id: string;
  readonly #token: string;
  readonly #hosts: ReadonlySet<string>;

  /** @throws RangeError for an empty token: that would be no credential (TA-10) */
  constructor(token: string, hosts: ReadonlySet<string>) {
    if (token === '') throw new RangeError('Cannot make a credential of an empty token');
    this.id = sha256Hex(token);
    this.#token = token;
    this.#hosts = hosts;
  }

  isFor(url: URL): boolean {
    return this.#hosts.has(hostOf(url));
  }

  /** The value of the authorization header of a request to `url`; undefined for a host that it is not for. */
  authorize(url: URL, scheme: 'token' | 'Bearer'): string | undefined {
    return this.isFor(url) ? `${scheme} ${this.#token}` : undefined;
  }

  /** The text without the token in it, should somebody have put it there. */
  redact(text: string): string {
    return text.replaceAll(this.#token, HIDDEN);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
