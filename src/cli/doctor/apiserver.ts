import { failed, ok, type Problem, warning } from './finding.ts';
import type { DoctorSource } from './source.ts';

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  readonly gitVersion: string;
}

export const MUTATING_POLICIES_FROM = 36;
const OLDEST_MINOR = 30;

/** What the apiserver says that it is. */
export async function readVersion({ client, signal }: DoctorSource): Promise<ServerVersion> {
  const { gitVersion } = (await client.read('/version', { signal })) as { readonly gitVersion?: string };
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(gitVersion ?? '') ?? [];
  return { major: Number(major ?? 0), minor: Number(minor ?? 0), gitVersion: gitVersion ?? 'unknown' };
}

export function judgeVersion({ major, minor, gitVersion }: ServerVersion): readonly Problem[] {
  if (major === 1 && minor < OLDEST_MINOR) {
    return [
      failed(`Kubernetes ${gitVersion} has no validating admission policies`, `Upgrade to 1.${OLDEST_MINOR} or newer`),
    ];
  }
  if (major === 1 && minor < MUTATING_POLICIES_FROM) {
    return [
      warning(
        `Kubernetes ${gitVersion} has no mutating admission policies, so a new object is unguarded for a moment`,
        'Install manifests/without-mutating-policies, or upgrade to 1.36 or newer',
      ),
    ];
  }
  return [ok(`Kubernetes ${gitVersion}`)];
}
