import { beforeAll, describe, expect, it } from 'vitest';
import { createNamespace, mustKubectl } from '../../support/control-plane.ts';
import { TEMPLATE_ASSET_SPEC, tryToCreate } from './requests.ts';

const LOGIN =
  'Cannot tell how to log in: auth token needs secretRef, and anonymous and disabled must not have one; set both or neither.';
const BAD_URL =
  'Cannot use this baseURL: write https://host, with port and path if need be, but without user name, password, query or fragment; credentials belong into the Secret of spec.secretRef.';
const BAD_OWNER =
  'Cannot use this owner: it may hold letters, digits and . _ - only; write the name as it stands in the address of the repository.';
const BAD_REPO =
  'Cannot use this repo: it may hold letters, digits and . _ - only; write the name as it stands in the address of the repository, without its owner.';
const BAD_REF =
  'Cannot use this ref: write the name of a branch or tag, or a commit, such as main, v1.2.0 or release/2026.';
const BAD_SUB_PATH =
  "Cannot use this subPath: write the folder relative to the top of the repository, such as templates/seo, without '..' and without '/' at either end.";
const BAD_INCLUDE =
  "Cannot include this path: write a file such as config.yaml or a folder followed by /** such as prompts/**, relative to the top, without other wildcards and without '..'.";
const NOT_TEMPLATES =
  'Cannot include this path: MEMORY.md, USER.md, CLAUDE.md, .claude/sessions and workspace belong to the agent, .auth_token, .platform_inbound_secret and .molecule to the platform; they are never overwritten. Remove it.';
const BAD_INTERVAL =
  'Cannot use this interval: it is not a duration of 30 seconds or more; write hours, minutes and seconds such as 5m or 1h30m.';
const secretRef = { name: 'forge-token' };
const { source } = TEMPLATE_ASSET_SPEC;

let namespace: string;
beforeAll(async () => {
  namespace = await createNamespace('ta');
});

describe('a TemplateAsset', () => {
  it.each([
    ['reads a public repository without a login', {}, 'accepted'],
    ['may log in with a token', { auth: 'token', secretRef }, 'accepted'],
    ['needs a Secret for a token', { auth: 'token' }, LOGIN],
    ['is not anonymous with a Secret', { auth: 'anonymous', secretRef }, LOGIN],
    ['is not disabled with a Secret', { auth: 'disabled', secretRef }, LOGIN],
    [
      'says how it logs in, as a missing token is not anonymous',
      { auth: undefined },
      'Cannot tell how to log in: set auth together with source',
    ],
    ['may stay away from the forge for hours', { interval: '1h30m' }, 'accepted'],
    ['looks at the forge every now and then', { interval: 'often' }, BAD_INTERVAL],
    ['does not hammer the forge', { interval: '29s' }, BAD_INTERVAL],
    ['may ask the forge every half minute', { interval: '30s' }, 'accepted'],
    ['may bound what agents get', { limits: { assetsBytes: 1024 } }, 'accepted'],
    [
      'has a bound that the operator can hold',
      { limits: { assetsBytes: 268435457 } },
      'should be less than or equal to 268435456',
    ],
    [
      'includes something',
      { include: [] },
      'spec.include: Invalid value: 0: spec.include in body should have at least 1 items',
    ],
    ['includes a path once', { include: ['a', 'a'] }, 'spec.include[1]: Duplicate value: "a"'],
    ['has no fields of its own invention', { token: 'secret' }, 'unknown field "spec.token"'],
  ])('%s', async (_sentence, change, expected) => {
    const spec = { ...TEMPLATE_ASSET_SPEC, ...change };
    expect(await tryToCreate({ kind: 'TemplateAsset', name: 'default', spec }, { namespace })).toContain(expected);
  });

  it.each([
    ['may be on a forge under a path and a port', { baseURL: 'http://10.0.0.1:3000/git/' }, 'accepted'],
    ['may be on a forge with an IPv6 address', { baseURL: 'http://[::1]:3000' }, 'accepted'],
    ['carries no credentials in its address', { baseURL: 'https://user:secret@git.example.com' }, BAD_URL],
    ['carries no token in its address', { baseURL: 'https://git.example.com/?token=secret' }, BAD_URL],
    ['is reached by HTTP', { baseURL: 'file:///etc/passwd' }, BAD_URL],
    ['may be on github.com without an address', { forge: 'github', baseURL: undefined }, 'accepted'],
    [
      'has an address unless it is on github.com',
      { baseURL: undefined },
      'Cannot find this forge: gitea has no well-known address; set source.baseURL, for example https://git.example.com.',
    ],
    ['has an owner without a path', { owner: 'a/b' }, BAD_OWNER],
    ['has an owner that leads nowhere else', { owner: 'a..b' }, BAD_OWNER],
    ['may be a repository with a dot', { repo: '.github' }, 'accepted'],
    ['is one repository', { repo: 'templates/seo' }, BAD_REPO],
    ['is not an option of git', { repo: '-x' }, BAD_REPO],
    ['is not the folder itself', { repo: '.' }, BAD_REPO],
    ['is a repository that leads nowhere else', { repo: '..' }, BAD_REPO],
    ['may be at a branch with slashes', { ref: 'release/2026' }, 'accepted'],
    ['may be at a commit', { ref: 'a'.repeat(40) }, 'accepted'],
    ['is not at an option of git', { ref: '--upload-pack=x' }, BAD_REF],
    ['is not at a range', { ref: 'a..b' }, BAD_REF],
    ['has a ref without empty parts', { ref: 'release//2026' }, BAD_REF],
    ['has a ref with an end', { ref: 'release/' }, BAD_REF],
    ['has a ref that is no address', { ref: 'main?x=1' }, BAD_REF],
    ['may be in a folder', { subPath: 'templates/seo.v2' }, 'accepted'],
    ['is in a folder of the repository', { subPath: 'templates/../../x' }, BAD_SUB_PATH],
    ['is in a folder below the top', { subPath: '/templates' }, BAD_SUB_PATH],
  ])('whose source %s', async (_sentence, change, expected) => {
    const spec = { ...TEMPLATE_ASSET_SPEC, source: { ...source, ...change } };
    expect(await tryToCreate({ kind: 'TemplateAsset', name: 'default', spec }, { namespace })).toContain(expected);
  });

  it.each([
    ['a file', 'config.yaml', 'accepted'],
    ['a file in a folder with a space', 'my prompts/system.md', 'accepted'],
    ['all files of a folder', '.claude/commands/**', 'accepted'],
    ['not everything', '**', BAD_INCLUDE],
    ['no other wildcard', 'prompts/*.md', BAD_INCLUDE],
    ['no folder without saying that all of it is meant', 'prompts/', BAD_INCLUDE],
    ['nothing above the top', '../secrets', BAD_INCLUDE],
    ['nothing above the top, also on the way', 'a/../../b', BAD_INCLUDE],
    ['nothing outside', '/etc/passwd', BAD_INCLUDE],
    ['no line break', 'a\nb', BAD_INCLUDE],
    ['no backslash', 'a\\b', BAD_INCLUDE],
    ["not the agent's memory", 'MEMORY.md', NOT_TEMPLATES],
    ["not the agent's sessions", '.claude/sessions/**', NOT_TEMPLATES],
    ["not the agent's work", 'workspace/**', NOT_TEMPLATES],
    ["not the agent's token", '.auth_token', NOT_TEMPLATES],
    ["not the materializer's own folder", '.molecule/**', NOT_TEMPLATES],
    ['nor that folder in other letters', '.Molecule/x', NOT_TEMPLATES],
  ])('includes %s', async (_sentence, path, expected) => {
    const spec = { ...TEMPLATE_ASSET_SPEC, include: [path] };
    expect(await tryToCreate({ kind: 'TemplateAsset', name: 'default', spec }, { namespace })).toContain(expected);
  });

  it('delivers configuration, prompts and skills, at most 16 MiB, unless told otherwise', async () => {
    const spec = { ...TEMPLATE_ASSET_SPEC, auth: 'token', secretRef };
    const input = JSON.stringify({
      apiVersion: 'moleculesai.app/v1alpha1',
      kind: 'TemplateAsset',
      metadata: { name: 'a' },
      spec,
    });
    const made = JSON.parse(
      await mustKubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { namespace, input }),
    );
    expect(made.spec).toEqual({
      ...spec,
      secretRef: { name: 'forge-token', key: 'token' },
      include: ['config.yaml', 'prompts/**', 'agent-skills/**'],
      limits: { assetsBytes: 16 * 1024 * 1024 },
      interval: '5m',
      rollout: 'NextRestart',
      suspend: false,
    });
  });
});
