import { KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate that signed itself, with its private key. PEM. */
export interface ServingPair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** Host names and addresses by which the server is called. */
  readonly hosts: readonly string[];
  readonly from: Date;
  readonly until: Date;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** A new key and its certificate, which is its own authority: whoever trusts it trusts this one server and nothing else. */
export async function makeServingPair({ hosts, from, until }: CertificateRequest): Promise<ServingPair> {
  // Needed once in two months: loaded then, so that it takes no memory before. It asks for the metadata to be there first.
  await import('reflect-metadata');
  // As its default: that is all that a CommonJS package has in a bundle.
  const { default: x509 } = await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=molecule-webhook',
    notBefore: from,
    notAfter: until,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
    ],
  });
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** The certificates of a bundle that can be read. */
export function readBundle(text: string): readonly X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** A positive number, as the standard asks for. */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}
