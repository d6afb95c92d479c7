import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { readBundle, type ServingPair } from './certificate.ts';

/** What the Secret holds, as far as it can be read. */
export interface StoredCertificate {
  readonly pair: ServingPair;
  /** What the apiserver trusts: the certificate itself, and those before it while they last. */
  readonly bundle: string;
}

/** replace: it cannot be served. renew: it can, and another has to follow it. */
export type CertificateVerdict = 'keep' | 'renew' | 'replace';

const RENEWED_AFTER = 2 / 3;

export function judgeCertificate(
  { pair, bundle }: StoredCertificate,
  { hosts, now }: { readonly hosts: readonly string[]; readonly now: Date },
): CertificateVerdict {
  const certificate = readMatching(pair);
  if (certificate === undefined) return 'replace';
  const [fromMs, untilMs] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
  if (now.getTime() < fromMs || now.getTime() >= untilMs) return 'replace';
  if (!hosts.every((host) => isFor(certificate, host))) return 'replace';
  if (!readBundle(bundle).some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256)) return 'replace';
  return now.getTime() < fromMs + (untilMs - fromMs) * RENEWED_AFTER ? 'keep' : 'renew';
}

/** The new one first, and those that a replica may still serve. What cannot be read or is over goes. */
export function bundleWith(added: string, bundle: string, now: Date): string {
  const still = readBundle(bundle).filter(({ validToDate }) => now < validToDate);
  return [added, ...still.map((certificate) => certificate.toString())].map((text) => `${text.trim()}\n`).join('');
}

/** Undefined where either part cannot be read or they do not belong together. */
function readMatching({ certificate, key }: ServingPair): X509Certificate | undefined {
  try {
    const read = new X509Certificate(certificate);
    return read.checkPrivateKey(createPrivateKey(key)) ? read : undefined;
  } catch {
    return undefined;
  }
}

function isFor(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}
