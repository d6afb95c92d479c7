/**
 * The environment of an agent: which variables are the platform's, and which of the rest may only come from a Secret.
 * Names are compared exactly, as the agent's system does. What changes how programs run (LD_PRELOAD and the like) is not
 * refused: whoever writes spec.env also chooses the image.
 */

/** What the platform sets, or will, and what agents believe to come from it. The CRD refuses the same names. */
export const PLATFORM_VARIABLES = [
  'LLM_PROVIDER',
  'MODEL',
  'PARENT_ID',
  'PLATFORM_URL',
  'TIER',
  'WORKSPACE_CONFIG_PATH',
  'WORKSPACE_ID',
] as const;

/** Every name that begins so is the platform's too. */
export const PLATFORM_PREFIX = 'MOLECULE_';

export type PlatformVariable = (typeof PLATFORM_VARIABLES)[number] | `${typeof PLATFORM_PREFIX}${string}`;

/** Credentials of whoever operates the platform. An agent that needs one of its own gets it from a Secret. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'BITBUCKET_TOKEN',
  'GH_TOKEN',
  'GITEA_PAT',
  'GITEA_TOKEN',
  'GITHUB_PAT',
  'GITHUB_TOKEN',
  'GITLAB_TOKEN',
  'GL_TOKEN',
  'INFISICAL_OPERATOR_TOKEN',
]);
const ADMIN_CREDENTIAL = /^CP_ADMIN_.*TOKEN$/;

export function isPlatformVariable(name: string): boolean {
  return name.startsWith(PLATFORM_PREFIX) || PLATFORM_VARIABLES.some((variable) => variable === name);
}

/** Names whose value must not be written down in a Workspace, where everybody who may read it would read it. */
export function isCredential(name: string): boolean {
  return CREDENTIALS.has(name) || ADMIN_CREDENTIAL.test(name);
}
