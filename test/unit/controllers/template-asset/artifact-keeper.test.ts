import { describe, expect, it } from 'vitest';
import type { TemplateAsset } from '../../../../src/apis/v1alpha1/types.generated.ts';
import { FetchError } from '../../../../src/assets/fetch/forge.ts';
import { DIGEST, REVISION, storedTemplate } from '../../../builders/objects.ts';
import { setUp, withToken } from './world.ts';

function withSpec(spec: Partial<TemplateAsset['spec']>): TemplateAsset {
  const base = storedTemplate('claude');
  return { ...base, spec: { ...base.spec, ...spec } };
}

describe('ArtifactKeeper', () => {
  it('does nothing while the files are there', async () => {
    const { restore, calls } = setUp({ onDisk: new Set([DIGEST]) });
    expect(await restore(storedTemplate('claude'))).toBeUndefined();
    expect(calls).toEqual({ secrets: [], resolved: 0, stored: [] });
  });

  it('gets exactly the published revision back, whatever the spec says by now, and asks for no ref', async () => {
    const { restore, calls } = setUp();
    const base = withSpec({ suspend: true, include: ['prompts/**'], limits: { assetsBytes: 1 } });
    const artifact = {
      revision: REVISION,
      digest: DIGEST,
      sizeBytes: 1200,
      files: 4,
      ignored: 0,
      include: ['config.yaml'],
    };
    expect(await restore({ ...base, status: { artifact } })).toBeUndefined();
    expect(calls.resolved).toBe(0);
    expect(calls.stored).toMatchObject([{ commit: REVISION, include: ['config.yaml'], limits: { assetBytes: 1200 } }]);
  });

  it('never takes other files for those that were published', async () => {
    const { restore } = setUp({ ensure: async () => ({ digest: `sha256:${'0'.repeat(64)}` }) });
    expect(await restore(storedTemplate('claude'))).toMatchObject({ reason: 'ArtifactLost', isFinal: true });
  });

  it('asks nobody while spec.auth is disabled', async () => {
    const { restore, calls } = setUp();
    expect(await restore(withSpec({ auth: 'disabled' }))).toMatchObject({ reason: 'FetchDisabled' });
    expect(calls).toEqual({ secrets: [], resolved: 0, stored: [] });
  });

  it('never goes without the token that spec.auth asks for', async () => {
    const { restore, calls } = setUp();
    expect(await restore(withToken(storedTemplate('claude')))).toMatchObject({ reason: 'SecretKeyMissing' });
    expect(calls.stored).toEqual([]);
  });

  it('tries again ever more rarely, however often it is asked, and tells why in words', async () => {
    const { restore, calls, wait } = setUp({
      ensure: () => Promise.reject(new FetchError('Unreachable', 'No answer')),
    });
    const waits: number[] = [];
    for (let failures = 0; failures < 7; failures++) {
      const loss = await restore(storedTemplate('claude'));
      expect(loss).toMatchObject({ reason: 'FetchFailed', message: expect.stringContaining('No answer; see that') });
      expect(await restore(storedTemplate('claude'))).toEqual(loss);
      waits.push(loss?.nextCheckMs ?? 0);
      wait(loss?.nextCheckMs ?? 0);
    }
    expect(waits).toEqual([7_500, 15_000, 30_000, 60_000, 120_000, 150_000, 150_000]);
    expect(calls.stored).toHaveLength(7);
  });
});
