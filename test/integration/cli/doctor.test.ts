import { beforeAll, describe, expect, it } from 'vitest';
import type { DoctorReport, Finding } from '../../../src/cli/doctor/finding.ts';
import { createNamespace, mustKubectl, serviceAccountKubeconfig } from '../../support/control-plane.ts';
import { create } from './objects.ts';
import { plugin } from './plugin.ts';

let namespace: string;

beforeAll(async () => {
  namespace = await createNamespace('doctor');
  await create(namespace, [{ kind: 'Org', metadata: { name: 'org' }, spec: { displayName: 'Acme' } }]);
});

async function examined(
  kubeconfig?: string,
): Promise<{ readonly code: number; readonly findings: readonly Finding[] }> {
  const options = kubeconfig === undefined ? {} : { kubeconfig };
  const { code, stdout } = await plugin(['doctor', '-n', namespace, '-o', 'json'], options);
  const report: DoctorReport = JSON.parse(stdout);
  return { code, findings: report.findings };
}

function verdictOf(findings: readonly Finding[], name: Finding['check']): string {
  return findings
    .filter(({ check }) => check === name)
    .map(({ verdict, message }) => `${verdict}: ${message}`)
    .join('; ');
}

describe('kubectl molecule doctor on a control plane without nodes and without operator', () => {
  it('finds what is installed to be of this release, whatever the apiserver adds to it', async () => {
    const { findings } = await examined();
    expect(verdictOf(findings, 'apiserver')).toMatch(/^ok: Kubernetes v1\./);
    expect(verdictOf(findings, 'crds')).toBe('ok: 4 CRDs established and of this release');
    expect(verdictOf(findings, 'policies')).toMatch(
      /^ok: \d+ objects of admission policies installed and of this release$/,
    );
    expect(verdictOf(findings, 'operator-rights')).toMatch(/^ok: The operator has what it needs \(\d+ rights\)$/);
    expect(verdictOf(findings, 'own-rights')).toMatch(/^ok: /);
  });

  it('fails for what is not there', async () => {
    const { code, findings } = await examined();
    expect(code).toBe(1);
    expect(findings.filter(({ verdict }) => verdict === 'failed').map(({ check }) => check)).toEqual([
      'operator',
      'nodes',
    ]);
    expect(verdictOf(findings, 'ledger')).toMatch(/^warning: Secret molecule-ledger is missing/);
    expect(verdictOf(findings, 'pod-security')).toMatch(new RegExp(`^warning: Namespace "${namespace}" lets anybody`));
  });

  it('follows what is set right', async () => {
    await mustKubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
    const { findings } = await examined();
    expect(verdictOf(findings, 'pod-security')).toBe(
      'ok: Pod security is enforced where there is an Org (1 namespace)',
    );
  });

  it('takes nothing for fine that a stranger may not see', async () => {
    const kubeconfig = await serviceAccountKubeconfig({ namespace, name: 'stranger' });
    const { code, findings } = await examined(kubeconfig);
    expect(code).toBe(0);
    expect(findings.filter(({ verdict }) => verdict === 'ok').map(({ check }) => check)).toEqual(['apiserver']);
    expect(verdictOf(findings, 'operator-rights')).toContain('unknown: May not be looked at: subjectaccessreviews');
    expect(verdictOf(findings, 'own-rights')).toContain(
      `warning: You may not list workspaces.moleculesai.app in namespace "${namespace}"`,
    );
  });
});
