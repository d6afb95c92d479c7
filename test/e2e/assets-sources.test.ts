import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createReadToken, revokeToken } from '../../hack/forge/api.ts';
import { pushChange } from '../../hack/forge/push.ts';
import { REASONS } from '../../src/apis/v1alpha1/reasons.ts';
import { startFragileForge } from './hostile-forge.ts';
import { createWorld, reasonLine, type World } from './world.ts';

const KIB = 1024;

describe('a forge that fails and comes back', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ hasExamples: false });
    await world.org();
  });

  it('because its token was revoked keeps what was published, says so, and goes on with a new token', async () => {
    const { forge } = world.environment;
    const push = (name: string): Promise<{ readonly commit: string }> =>
      pushChange(forge, { repository: 'rotated', files: { 'config.yaml': `name: ${name}-${world.namespace}\n` } });
    const first = await push('first');
    const oldToken = await createReadToken(forge);
    await world.forgeSecret('rotated', { token: oldToken, url: forge.url });
    await world.template('rotated', 'rotated', { secretRef: { name: 'rotated' } });
    await world.condition('templateasset/rotated', 'Ready', 'True');

    await revokeToken(forge, oldToken);
    const second = await push('second');
    await world.sync('templateasset/rotated');
    const refused = await world.told('templateasset/rotated', reasonLine(REASONS.unauthorized));
    expect(refused).toContain(`revision ${first.commit.slice(0, 12)} stays live`);
    expect(refused).not.toContain(oldToken);
    expect((await world.read('templateasset', 'rotated'))?.status.artifact.revision).toBe(first.commit);
    await world.template('unpublished', 'rotated', { secretRef: { name: 'rotated' } });
    await world.workspace('rotated', { templateRef: { name: 'unpublished' } });
    await world.condition('workspace/rotated', 'TemplateReady', 'False');
    const told = await world.told('workspace/rotated', 'valid token');
    expect(told).toContain('TemplateAsset "unpublished"');
    expect(told).not.toContain(oldToken);

    await world.forgeSecret('rotated', { token: await createReadToken(forge), url: forge.url });
    expect(await world.delivered('rotated', 'unpublished')).toBe(second.commit);
    await world.condition('templateasset/rotated', 'Ready', 'True');
    expect((await world.read('templateasset', 'rotated'))?.status.artifact.revision).toBe(second.commit);
  });

  it('because it died during a download delivers nothing, says so, and delivers all of it once it is back', async () => {
    const { forge, forgeToken } = world.environment;
    // Nothing that gzip could shorten below what gets through.
    const prompt = randomBytes(512 * KIB).toString('base64');
    const { commit } = await pushChange(forge, {
      repository: 'interrupted',
      files: { 'config.yaml': 'name: interrupted\n', 'prompts/long.md': prompt },
    });
    await using fragile = await startFragileForge(forge.url);
    fragile.diesAfterBytes = 64 * KIB;
    await world.forgeSecret('interrupted', { token: forgeToken, url: fragile.url });
    await world.template('interrupted', 'interrupted', {
      source: { forge: 'gitea', baseURL: fragile.url, owner: forge.user, repo: 'interrupted', ref: 'main' },
      secretRef: { name: 'interrupted' },
    });
    await world.workspace('interrupted', { templateRef: { name: 'interrupted' } });
    await world.told('templateasset/interrupted', reasonLine(REASONS.fetchFailed));
    expect(fragile.isDead).toBe(true);
    await world.told('workspace/interrupted', 'see that the forge runs');

    Object.assign(fragile, { diesAfterBytes: Number.POSITIVE_INFINITY, isDead: false });
    expect(await world.delivered('interrupted', 'interrupted')).toBe(commit);
    const read = `import { readFileSync } from 'node:fs'; process.stdout.write(readFileSync('/configs/prompts/long.md'))`;
    expect((await world.inAgent('interrupted', read)) === prompt).toBe(true);
  });
});
