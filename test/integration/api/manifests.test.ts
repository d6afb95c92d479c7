import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKOUT_DIR } from '../../../hack/lib/paths.ts';
import { createNamespace, kubectl, mustKubectl } from '../../support/control-plane.ts';

const MANIFESTS = join(CHECKOUT_DIR, 'manifests');

describe('the manifests', () => {
  it('hold samples that a stranger can apply to an empty namespace', async () => {
    const namespace = await createNamespace('samples');
    const applied = await mustKubectl(
      ['apply', '--dry-run=server', '--validate=strict', '-k', join(MANIFESTS, 'samples')],
      { namespace },
    );
    expect(
      applied
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual([
      'org.moleculesai.app/org',
      'templateasset.moleculesai.app/claude-code-default',
      'templateasset.moleculesai.app/platform-agent',
      'workspace.moleculesai.app/researcher',
      'workspace.moleculesai.app/writer',
    ]);
  });

  it('install everything from one file', async () => {
    const answer = await kubectl([
      'apply',
      '--server-side',
      '--force-conflicts',
      '--dry-run=server',
      '--validate=strict',
      '-f',
      join(MANIFESTS, 'install.yaml'),
    ]);
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(answer.stdout).toContain('deployment.apps/molecule-operator serverside-applied');
  });

  it.each(['default', 'without-mutating-policies', 'postgres'])('install from the base %s', async (base) => {
    const dir = join(MANIFESTS, base);
    expect(
      await kubectl([
        'apply',
        '--server-side',
        '--force-conflicts',
        '--dry-run=server',
        '--validate=strict',
        '-k',
        dir,
      ]),
    ).toMatchObject({ code: 0, stderr: '' });
  });

  it('leave out what clusters before 1.36 do not know, and nothing else', async () => {
    const kindsOf = async (base: string): Promise<string[]> =>
      (await mustKubectl(['kustomize', join(MANIFESTS, base)]))
        .split('\n')
        .filter((line) => line.startsWith('kind:'))
        .sort();
    const all = await kindsOf('default');
    expect(await kindsOf('without-mutating-policies')).toEqual(all.filter((kind) => !kind.includes('Mutating')));
  });

  it('can be taken away without the CRDs, and so without any Org', async () => {
    const flags = ['--ignore-not-found', '--dry-run=server', '-o', 'name', '-l', 'app.kubernetes.io/component!=crds'];
    const deleted = await mustKubectl(['delete', '-f', join(MANIFESTS, 'install.yaml'), ...flags]);
    expect(deleted).toContain('clusterrole.rbac.authorization.k8s.io/molecule-operator');
    expect(deleted).not.toContain('customresourcedefinition');
  });
});
