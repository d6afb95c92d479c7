import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  isCredential,
  isPlatformVariable,
  PLATFORM_PREFIX,
  PLATFORM_VARIABLES,
} from '../../../src/rules/environment.ts';

describe('isPlatformVariable()', () => {
  it.each([...PLATFORM_VARIABLES, 'MOLECULE_', 'MOLECULE_ANYTHING'])('is true of %s', (name) => {
    expect(isPlatformVariable(name)).toBe(true);
  });

  it.each(['tier', 'TIERS', 'MY_MODEL', 'molecule_model', 'LD_PRELOAD'])('is false of %s', (name) => {
    expect(isPlatformVariable(name)).toBe(false);
  });

  it('names what the CRD refuses too', () => {
    const refused = PLATFORM_VARIABLES.map((name) => `'${name}'`).join(', ');
    const crd = readFileSync('crds/workspaces.yaml', 'utf8');
    expect(crd).toContain(`!self.startsWith('${PLATFORM_PREFIX}') && !(self in [${refused}])`);
  });
});

describe('isCredential()', () => {
  it.each([
    'BITBUCKET_TOKEN',
    'CP_ADMIN_API_TOKEN',
    'CP_ADMIN_TOKEN',
    'GH_TOKEN',
    'GITEA_PAT',
    'GITEA_TOKEN',
    'GITHUB_PAT',
    'GITHUB_TOKEN',
    'GITLAB_TOKEN',
    'GL_TOKEN',
    'INFISICAL_OPERATOR_TOKEN',
  ])('is true of %s', (name) => {
    expect(isCredential(name)).toBe(true);
  });

  it.each(['GITHUB_TOKEN_FILE', 'MY_GH_TOKEN', 'CP_ADMIN_URL', 'ANTHROPIC_API_KEY'])('is false of %s', (name) => {
    expect(isCredential(name)).toBe(false);
  });
});
