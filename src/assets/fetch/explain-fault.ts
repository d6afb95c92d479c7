import { FetchError, type FetchErrorCode } from './forge.ts';

interface Kind {
  readonly code: FetchErrorCode;
  readonly words: string;
  readonly matches: RegExp;
}

/** By the code of the error; the first that matches. */
const KINDS: readonly Kind[] = [
  {
    code: 'HostNotFound',
    words: 'the name of its host cannot be resolved',
    matches: /^(ENOTFOUND|EAI_[A-Z]+)$/,
  },
  {
    code: 'AddressRefused',
    words: 'its host is at an address that is neither public nor listed',
    matches: /^ADDRESS_REFUSED$/,
  },
  {
    code: 'AddressRefused',
    words: 'http is only for hosts in a listed network',
    matches: /^CLEARTEXT_REFUSED$/,
  },
  {
    code: 'TLSFailed',
    words: 'no trusted connection',
    matches:
      /^(CERT_|ERR_TLS_|ERR_SSL_|EPROTO$|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CRL_|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$)/,
  },
  {
    code: 'TimedOut',
    words: 'no answer in time',
    matches: /^(ETIMEDOUT|ESOCKETTIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/,
  },
  {
    code: 'BadResponse',
    words: 'what it answers is no proper HTTP',
    matches: /^(HPE_|UND_ERR_HEADERS_OVERFLOW$)/,
  },
  { code: 'Unreachable', words: 'no connection', matches: /^/ },
];

/**
 * A fault of the network in words, or undefined for anything else, which is then a fault of this program and must not pass
 * for one of the forge. Only the code is shown: an error's text may quote the URL, and with it credentials.
 */
export function explainFault(error: Error, origin: string): FetchError | undefined {
  const code = codeOf(error);
  const isOurs = error instanceof TypeError || error instanceof RangeError || /^UND_ERR_(INVALID|NOT_)/.test(code);
  if (isOurs || !/^[A-Z][A-Z0-9_]*$/.test(code)) return undefined;
  const kind = KINDS.find(({ matches }) => matches.test(code));
  if (kind === undefined) return undefined;
  return new FetchError(kind.code, `Cannot fetch from ${origin}: ${kind.words} (${code})`, { cause: error });
}

/** undici's parser has a code for most of what it does not understand. */
function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name === 'HTTPParserError' ? 'HPE_UNKNOWN' : '';
}
