import { describe, expect, it } from 'vitest';
import { type Manifest, parseManifest, readManifest } from '../../../../src/cli/doctor/manifest.ts';

async function ours(): Promise<Manifest> {
  const manifest = await readManifest(new URL('../../../../dist/kubectl-molecule.mjs', import.meta.url).href);
  if (manifest === undefined) throw new Error('manifests/install.yaml was not found');
  return manifest;
}

describe('what a release installs', () => {
  it('is read from the package, beside the bundle and beside the source', async () => {
    const source = await readManifest(new URL('../../../../src/bin/kubectl-molecule.ts', import.meta.url).href);
    expect(source).toEqual(await ours());
    expect(await readManifest('file:///elsewhere/kubectl-molecule.mjs')).toBeUndefined();
  });

  it('has the CRDs, the policies with their bindings, and the rights of the operator', async () => {
    const { crds, policies, rights } = await ours();
    expect(crds.map(({ metadata }) => metadata.name).sort()).toEqual([
      'approvalrequests.moleculesai.app',
      'orgs.moleculesai.app',
      'templateassets.moleculesai.app',
      'workspaces.moleculesai.app',
    ]);
    const named = (suffix: string) =>
      policies
        .filter(({ kind }) => kind.endsWith(suffix))
        .map(({ kind, metadata }) => `${kind.replace(suffix, '')} ${metadata.name}`);
    expect(named('Policy')).toContain('ValidatingAdmission platform-agent.moleculesai.app');
    expect(named('Policy')).toContain('MutatingAdmission approval-finalizer.moleculesai.app');
    expect(named('PolicyBinding')).toEqual(named('Policy'));
    expect(rights).toContainEqual({ group: '', resource: 'pods', verb: 'create' });
    expect(rights).toContainEqual({
      group: 'moleculesai.app',
      resource: 'workspaces',
      subresource: 'status',
      verb: 'patch',
    });
    expect(rights).not.toContainEqual({ group: 'moleculesai.app', resource: 'approvalrequests', verb: 'approve' });
  });

  it('spells rights out by namespace, name and subresource, for the operator alone', () => {
    const role = (name: string) => `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: ${name}, namespace: system}
rules:
  - {apiGroups: [''], resources: [pods/log, secrets], resourceNames: [one], verbs: [get]}`;
    const binding = (name: string, account: string) => `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ${name}, namespace: system}
roleRef: {kind: Role, name: ${name}}
subjects: [{kind: ServiceAccount, name: ${account}}]`;
    const text = [role('a'), binding('a', 'molecule-operator'), role('b'), binding('b', 'somebody'), ''].join('\n---');
    expect(parseManifest(text).rights).toEqual([
      { namespace: 'system', group: '', resource: 'pods', subresource: 'log', verb: 'get', name: 'one' },
      { namespace: 'system', group: '', resource: 'secrets', verb: 'get', name: 'one' },
    ]);
  });
});
