import type { TemplateAssetSpec, WorkspaceSpec } from '../../apis/v1alpha1/types.generated.ts';
import type { TierProfile, TierSizes } from '../../rules/tier.ts';

/** What the operator itself brings along; from its configuration. */
export interface WorkspaceSettings {
  /** Image of our own programs; its `materialize` runs as init container. */
  readonly programImage: string;
  readonly materializeCommand: readonly string[];
  /** Where Pods reach the asset server. */
  readonly assetServerURL: string;
  readonly tierSizes: TierSizes;
}

/** Everything that decides what a Workspace's Pod and PVC look like; resolved by checks.ts. */
export interface WorkspaceIntent {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly id: string;
  readonly incarnation: string;
  /** Name of both the Pod and the PVC. */
  readonly childName: string;
  readonly spec: WorkspaceSpec;
  readonly tier: number;
  readonly profile: TierProfile;
  readonly image: string;
  readonly imagePullSecrets: readonly string[];
  readonly model?: string;
  readonly provider?: string;
  readonly storage: { readonly size: string; readonly className?: string };
  /** Digest over the values that spec.env takes from Secrets; absent: it takes none, or they are not known now. */
  readonly secretsHash?: string;
  /** Absent: templates are off and no init container runs. */
  readonly template?: {
    readonly digest: string;
    readonly include: readonly string[];
    /** When an agent that runs gets another digest. */
    readonly rollout: NonNullable<TemplateAssetSpec['rollout']>;
  };
}
