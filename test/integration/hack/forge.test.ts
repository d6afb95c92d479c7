import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReadToken } from '../../../hack/forge/api.ts';
import { pushChange, pushDirectory } from '../../../hack/forge/push.ts';
import { type RunningForge, startForge } from '../../../hack/forge/start.ts';
import { controlPlane } from '../../support/control-plane.ts';

describe('the forge', () => {
  let dir: string;
  let directory: string;
  let forge: RunningForge;

  beforeAll(async () => {
    dir = await mkdtemp(join(controlPlane().dir, 'forge-'));
    directory = await mkdtemp(join(controlPlane().dir, 'template-'));
    await writeFile(join(directory, 'config.yaml'), 'name: one\n');
    await symlink('/etc/passwd', join(directory, 'link'));
    forge = await startForge({ dir });
  });

  afterAll(async () => {
    await forge.stop();
    await rm(dir, { recursive: true });
    await rm(directory, { recursive: true });
  });

  function ask(path: string, init: RequestInit): Promise<Response> {
    return fetch(`${forge.access.url}/api/v1${path}`, init);
  }

  it('gives the same content the same commit, and pushes only what changed', async () => {
    const first = await pushDirectory(forge.access, { repository: 'one', directory });
    expect(first.hasChanged).toBe(true);
    expect(await pushDirectory(forge.access, { repository: 'one', directory })).toEqual({
      ...first,
      hasChanged: false,
    });
    expect(await pushDirectory(forge.access, { repository: 'other', directory })).toEqual(first);
  });

  it('takes single files changed and removed on top of what is there', async () => {
    const before = await pushDirectory(forge.access, { repository: 'changed', directory });
    const files = { 'prompts/system.md': 'hello\n', link: undefined };
    const after = await pushChange(forge.access, { repository: 'changed', files });
    expect(after).toEqual({ commit: expect.not.stringMatching(before.commit), hasChanged: true });
    expect(await pushChange(forge.access, { repository: 'changed', files })).toEqual({ ...after, hasChanged: false });
    const headers = { authorization: `token ${await createReadToken(forge.access)}` };
    const tree = await (
      await ask(`/repos/molecule/changed/git/trees/${after.commit}?recursive=true`, { headers })
    ).json();
    expect(tree).toMatchObject({ tree: [{ path: 'config.yaml' }, { path: 'prompts' }, { path: 'prompts/system.md' }] });
  });

  it('lets the read token read private repositories and write nothing', async () => {
    await pushDirectory(forge.access, { repository: 'read', directory });
    const headers = { authorization: `token ${await createReadToken(forge.access)}` };
    const archive = '/repos/molecule/read/archive/main.tar.gz';
    expect((await ask(archive, {})).status).toBe(404);
    expect((await ask(archive, { headers })).status).toBe(200);
    expect((await ask('/repos/molecule/read', { headers, method: 'DELETE' })).status).toBe(403);
  });
});
