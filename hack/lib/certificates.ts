import { generateKeyPair } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exists } from './files.ts';
import { runOrThrow } from './run.ts';

export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateRequest {
  /** Name of the files: NAME.crt and NAME.key beside the authority's. */
  readonly name: string;
  /** What the apiserver takes as the user's name. */
  readonly commonName: string;
  /** What the apiserver takes as the user's groups. */
  readonly organizations?: readonly string[];
  /** For servers, in OpenSSL's form: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly altNames?: readonly string[];
}

const VALID_DAYS = '3650';
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** The certificate authority in this directory, made there if there is none yet. */
export async function ensureAuthority(dir: string, signal?: AbortSignal): Promise<KeyPair> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const authority = keyPairAt(dir, 'ca');
  if (await exists(authority.certFile)) return authority;
  const usage = ['-addext', 'keyUsage=critical,digitalSignature,keyCertSign,cRLSign'];
  await openssl(['-subj', '/CN=molecule-dev', ...NEW_KEY, ...usage], authority, signal);
  return authority;
}

/** A certificate of this directory's authority, for clients and servers alike; kept when it exists already. */
export async function ensureCertificate(
  dir: string,
  request: CertificateRequest,
  signal?: AbortSignal,
): Promise<KeyPair> {
  const pair = keyPairAt(dir, request.name);
  if (await exists(pair.certFile)) return pair;
  const authority = keyPairAt(dir, 'ca');
  const organizations = (request.organizations ?? []).map((organization) => `/O=${organization}`).join('');
  const altNames = request.altNames ?? [];
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature,keyEncipherment',
    'extendedKeyUsage=serverAuth,clientAuth',
    ...(altNames.length === 0 ? [] : [`subjectAltName=${altNames.join(',')}`]),
  ].flatMap((extension) => ['-addext', extension]);
  const issuer = ['-CA', authority.certFile, '-CAkey', authority.keyFile];
  await openssl(
    ['-subj', `${organizations}/CN=${request.commonName}`, ...NEW_KEY, ...issuer, ...extensions],
    pair,
    signal,
  );
  return pair;
}

/** A bare key pair (PEM), as the apiserver signs and checks ServiceAccount tokens with; kept when it exists already. */
export async function ensureSigningKey(
  dir: string,
): Promise<{ readonly publicFile: string; readonly privateFile: string }> {
  const files = { publicFile: join(dir, 'service-account.pub'), privateFile: join(dir, 'service-account.key') };
  if (await exists(files.publicFile)) return files;
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeFile(files.privateFile, privateKey, { mode: 0o600 });
  await writeFile(files.publicFile, publicKey);
  return files;
}

function keyPairAt(dir: string, name: string): KeyPair {
  return { certFile: join(dir, `${name}.crt`), keyFile: join(dir, `${name}.key`) };
}

async function openssl(args: readonly string[], pair: KeyPair, signal: AbortSignal | undefined): Promise<void> {
  const output = ['-keyout', pair.keyFile, '-out', pair.certFile];
  await runOrThrow('openssl', ['req', '-x509', '-days', VALID_DAYS, ...args, ...output], {
    signal,
    action: `make the certificate ${pair.certFile} with OpenSSL 3`,
  });
}
