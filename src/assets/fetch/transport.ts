/**
 * undici in a module of its own that is imported on demand: it takes 13 MB, which an operator without TemplateAssets need
 * not pay. (A bundler gives a CommonJS package that is imported on demand no named exports.)
 */
import { type LookupAddress, lookup as resolveName } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';
import type { AddressPolicy } from './address-policy.ts';

export interface TransportOptions {
  readonly addresses: AddressPolicy;
  /** How names are resolved. @default as the system does */
  readonly lookup?: LookupFunction;
}

/** One request, without redirects, by a dispatcher that only goes where it may. */
export type Transport = (
  url: URL,
  options: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
) => Promise<Dispatcher.ResponseData>;

/** No packet was sent: the address may not be connected to. The code is for `explainFault`; the address is for the log. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  readonly code: 'ADDRESS_REFUSED' | 'CLEARTEXT_REFUSED';

  constructor(code: AddressRefusedError['code'], host: string, address: string) {
    super(`${host} is at ${address}`);
    this.code = code;
  }
}

type Rule = (address: string) => AddressRefusedError['code'] | undefined;

/**
 * Addresses are judged where a connection is made, and the connection goes to the very address that was judged: between
 * the look at a name and its use nobody can change what it means. Of several addresses every one has to be allowed, because
 * which of them is used is up to the network. http goes to listed networks only, so that nothing is ever said in the clear
 * on the internet. A connection belongs to one origin, and no variable of the environment (HTTP_PROXY) leads it elsewhere.
 */
export function createTransport({ addresses, lookup = resolveName }: TransportOptions): Transport {
  const secure: Rule = (address) =>
    addresses.isPublic(address) || addresses.isListed(address) ? undefined : 'ADDRESS_REFUSED';
  const clear: Rule = (address) =>
    addresses.isListed(address) ? undefined : addresses.isPublic(address) ? 'CLEARTEXT_REFUSED' : 'ADDRESS_REFUSED';
  const https = createConnector(secure, lookup);
  const http = createConnector(clear, lookup);
  const dispatcher = new Agent({
    connect: (options, done) => (options.protocol === 'https:' ? https : http)(options, done),
  });
  return (url, options) => request(url, { ...options, dispatcher });
}

function createConnector(rule: Rule, lookup: LookupFunction): buildConnector.connector {
  const connect = buildConnector({ allowH2: false, lookup: judged(rule, lookup) });
  return (options, done) => {
    // An address is looked up by nobody.
    const refused = isIP(options.hostname) === 0 ? undefined : rule(options.hostname);
    if (refused === undefined) connect(options, done);
    else done(new AddressRefusedError(refused, options.hostname, options.hostname), null);
  };
}

/** Asks for all addresses of a name, whatever is needed of them, and refuses all for one that is not allowed. */
function judged(rule: Rule, lookup: LookupFunction): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, answer, family) => {
      if (error !== null) return done(error, [], family);
      const all: readonly LookupAddress[] =
        typeof answer === 'string' ? [{ address: answer, family: family ?? 0 }] : answer;
      for (const { address } of all) {
        const refused = rule(address);
        if (refused !== undefined) return done(new AddressRefusedError(refused, host, address), []);
      }
      const [first] = all;
      if (first === undefined) return done(Object.assign(new Error('No address'), { code: 'ENOTFOUND' }), []);
      if (options.all === true) return done(null, [...all]);
      return done(null, first.address, first.family);
    });
  };
}
