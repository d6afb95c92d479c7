import type { ClusterClient } from '../connect.ts';
import type { Manifest } from './manifest.ts';

/** What the checks look at the cluster with. */
export interface DoctorSource {
  readonly client: ClusterClient;
  /** The only namespace whose Orgs and TemplateAssets are looked at; undefined: all of them. */
  readonly namespace: string | undefined;
  /** The context's namespace. */
  readonly ownNamespace: string;
  readonly manifest: Manifest | undefined;
  readonly now: Date;
  readonly signal: AbortSignal;
}
