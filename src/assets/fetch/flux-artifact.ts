import * as z from 'zod';

/** A tar.gz that a controller of Flux keeps and serves to the cluster. */
export interface FluxArtifact {
  /** Of the object that names it. */
  readonly namespace: string;
  readonly url: string;
  /** Of the tar.gz itself, hexadecimal. */
  readonly sha256: string;
  /** The commit or digest that it is of, 40 or 64 hex. */
  readonly revision: string;
}

/** What an object of source.toolkit.fluxcd.io/v1 says of its artifact. */
export type FluxState =
  | { readonly kind: 'stored'; readonly artifact: FluxArtifact }
  /** `reason` is Flux's own word, where it has one. */
  | { readonly kind: 'notReady'; readonly reason?: string }
  /** `fault`: what of it cannot be used. */
  | { readonly kind: 'invalid'; readonly fault: string };

const objectSchema = z.object({
  status: z
    .object({
      artifact: z.object({ url: z.string(), digest: z.string().optional(), revision: z.string() }).optional(),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), reason: z.string().optional() }))
        .default([]),
    })
    .optional(),
});

/**
 * Reads the object as far as it may be believed. One that is not Ready is not taken, although it still names the artifact
 * of before: Flux says so when it could not verify, for example. One without a condition is as good as its artifact.
 *
 * Whoever may write the status of such an object in one namespace could name the artifact of another, which is served to
 * anybody in the cluster: so the address has to be of this namespace, KIND/NAMESPACE/…, as every controller of Flux has it.
 */
export function readFluxState(object: unknown, namespace: string): FluxState {
  const parsed = objectSchema.safeParse(object);
  if (!parsed.success) return { kind: 'invalid', fault: 'is not as source.toolkit.fluxcd.io/v1 has it' };
  const { artifact, conditions = [] } = parsed.data.status ?? {};
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (artifact === undefined || ready?.status === 'False') {
    const reason = /^[A-Za-z][A-Za-z0-9_]{0,63}$/.exec(ready?.reason ?? '')?.[0];
    return { kind: 'notReady', ...(reason === undefined ? {} : { reason }) };
  }
  const sha256 = /^sha256:([0-9a-f]{64})$/.exec(artifact.digest ?? '')?.[1];
  if (sha256 === undefined) return { kind: 'invalid', fault: 'has no digest of sha256' };
  if (!isOfNamespace(artifact.url, namespace))
    return { kind: 'invalid', fault: 'has an address that is not http(s)://HOST/KIND/NAMESPACE/… of this namespace' };
  return {
    kind: 'stored',
    artifact: { namespace, url: artifact.url, sha256, revision: revisionOf(artifact.revision) ?? sha256 },
  };
}

/** Flux writes NAME@sha1:HEX, sha1:HEX and the like. What has no such end is told apart by the digest of its archive. */
function revisionOf(text: string): string | undefined {
  return /(?:^|@)(?:sha1:([0-9a-f]{40})|sha256:([0-9a-f]{64}))$/
    .exec(text)
    ?.slice(1)
    .find((hex) => hex !== undefined);
}

function isOfNamespace(address: string, namespace: string): boolean {
  const url = URL.parse(address);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '')
    return false;
  // What is escaped could climb out once the server has read it.
  return !url.pathname.includes('%') && url.pathname.split('/')[2] === namespace;
}
