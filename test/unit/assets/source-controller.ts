import type { ArtifactRef } from '../../../src/controllers/template-asset/flux-source.ts';

export interface Stored {
  readonly kind: ArtifactRef['kind'];
  readonly namespace: string;
  readonly name: string;
  /** Where the controller says that it serves, http://HOST. */
  readonly server: string;
  readonly digest: string;
  readonly revision: string;
  readonly sizeBytes: number;
}

const AT = '2026-11-21T09:30:00Z';

/** The whole status that source-controller 1.x writes of an object whose artifact it has stored. */
export function storedStatus({ kind, namespace, name, server, digest, revision, sizeBytes }: Stored): object {
  const path = `${kind.toLowerCase()}/${namespace}/${name}/${revision.replace(/^.*:/, '')}.tar.gz`;
  const message = `stored artifact for revision '${revision}'`;
  const metadata = kind === 'OCIRepository' ? { metadata: { 'org.opencontainers.image.revision': revision } } : {};
  return {
    // ExternalArtifacts have none: somebody else writes them.
    ...(kind === 'ExternalArtifact' ? {} : { observedGeneration: 1 }),
    artifact: {
      digest,
      lastUpdateTime: AT,
      path,
      revision,
      size: sizeBytes,
      url: `${server}/${path}`,
      ...metadata,
    },
    conditions: [conditionOf('Ready', 'True', 'Succeeded', message)].concat(
      kind === 'ExternalArtifact' ? [] : [conditionOf('ArtifactInStorage', 'True', 'Succeeded', message)],
    ),
  };
}

/** All fields that a condition has. */
export function conditionOf(type: string, status: string, reason: string, message: string): object {
  return { type, status, reason, message, lastTransitionTime: AT, observedGeneration: 1 };
}
