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

  it('can be taken away but for the CRDs and the namespace, which the guard keeps', async () => {
    const install = ['delete', '-f', join(MANIFESTS, 'install.yaml'), '--ignore-not-found', '--dry-run=server'];
    const rest = ['-o', 'name', '-l', 'app.kubernetes.io/component notin (crds,namespace)'];
    const deleted = await mustKubectl([...install, ...rest]);
    expect(deleted).toContain('clusterrole.rbac.authorization.k8s.io/molecule-operator');
    expect(deleted).toContain('validatingadmissionpolicybinding.admissionregistration.k8s.io/namespace-of-operator');
    expect(deleted).not.toContain('customresourcedefinition');
    const { stderr } = await kubectl(install);
    expect(stderr.match(/Cannot delete this CustomResourceDefinition/g)).toHaveLength(4);
    expect(stderr).toContain('Cannot delete namespace molecule-system');
  });

  it('hold no policy that the apiserver warns about', async () => {
    const warnings =
      '{range .items[*]}{.metadata.name} {.status.typeChecking.expressionWarnings[*].warning}{"\\n"}{end}';
    const policies = ['get', 'validatingadmissionpolicies', '-l', 'app.kubernetes.io/name=molecule-operator'];
    const lines = (await mustKubectl([...policies, '-o', `jsonpath=${warnings}`])).trim().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter((line) => line.trim().includes(' '))).toEqual([]);
  });
});
