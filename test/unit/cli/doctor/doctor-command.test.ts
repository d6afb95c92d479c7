import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { DoctorReport } from '../../../../src/cli/doctor/finding.ts';
import type { Right } from '../../../../src/cli/doctor/manifest.ts';
import { ApiError, TransportError } from '../../../../src/kube/errors.ts';
import type { KubeObject } from '../../../../src/kube/objects.ts';
import { runOn } from '../fake-cluster.ts';

interface SelfReview extends KubeObject {
  readonly spec: { readonly resourceAttributes: Right };
}

const VERSION = { '/version': { gitVersion: 'v1.36.3' } };
const EVERYTHING = [
  'CustomResourceDefinition',
  'ValidatingAdmissionPolicy',
  'Deployment',
  'Lease',
  '/api/v1/namespaces/molecule-system/secrets/molecule-ledger',
  'Org',
  'TemplateAsset',
  'Node',
  'StorageClass',
  'SubjectAccessReview',
];

describe('kubectl molecule doctor', () => {
  it('takes what may not be read as unknown, which is neither fine nor a failure', async () => {
    const { code, stdout, stderr } = await runOn(['doctor', '-o', 'json'], { forbidden: EVERYTHING, paths: VERSION });
    expect([code, stderr]).toEqual([0, '']);
    const { findings }: DoctorReport = JSON.parse(stdout);
    expect(
      findings.filter(({ verdict }) => verdict !== 'unknown').map(({ check, verdict }) => [check, verdict]),
    ).toEqual([
      ['apiserver', 'ok'],
      ['own-rights', 'ok'],
    ]);
  });

  it('exits with 1 and names the checks that failed', async () => {
    const { code, stdout, stderr } = await runOn(['doctor'], {
      paths: VERSION,
      isAllowed: () => false,
      env: { LANG: 'C.UTF-8' },
    });
    expect(code).toBe(1);
    expect(stderr).toBe('Error: Not fit for agents: crds, policies, operator-rights, operator, nodes\n');
    expect(stdout).toMatch(/^✔ apiserver +Kubernetes v1\.36\.3$/m);
    expect(stdout).toMatch(/^✖ nodes +There is no node, so no agent can run\n +→ Add a node$/m);
    expect(stdout).toMatch(/\n\n\d+ fine, \d+ warnings?, \d+ failed, 1 unknown\n$/);
  });

  it('prints the same structure as JSON and YAML', async () => {
    const options = { forbidden: EVERYTHING, paths: VERSION };
    const json: DoctorReport = JSON.parse((await runOn(['doctor', '-o', 'json'], options)).stdout);
    expect(json).toMatchObject({
      apiVersion: 'cli.moleculesai.app/v1alpha1',
      kind: 'DoctorReport',
      server: 'https://cluster.test',
    });
    expect(json.findings[0]).toEqual({ check: 'apiserver', verdict: 'ok', message: 'Kubernetes v1.36.3', todo: null });
    expect(parse((await runOn(['doctor', '-o', 'yaml'], options)).stdout)).toEqual(json);
  });

  it('cuts what it found at the width of the terminal, but never what to do; nothing with -o wide', async () => {
    const options = {
      paths: VERSION,
      isTTY: true,
      columns: 60,
      env: { LANG: 'C.UTF-8', NO_COLOR: '1' },
      isAllowed: () => false,
    };
    const lines = (await runOn(['doctor'], options)).stdout.split('\n');
    expect(lines.filter((line) => line.length > 60 && !line.includes('→'))).toEqual([]);
    expect(lines.some((line) => line.length > 60)).toBe(true);
    const wide = (await runOn(['doctor', '-o', 'wide'], options)).stdout;
    expect(wide).not.toContain('…');
  });

  it.each([
    ['pods/log', 'get', 'assets --diff'],
    ['pods/proxy', 'get', 'assets for the card'],
    ['pods', 'create', 'assets --diff'],
    ['pods', 'list', 'assets --diff'],
    ['pods', 'watch', 'assets --diff'],
    ['pods', 'delete', 'assets --diff'],
    ['templateassets', 'patch', 'rollback'],
  ])('warns who lacks the right to %s: %s, which %s needs', async (path, verb, command) => {
    const lacks = (review: KubeObject): boolean => {
      const { resourceAttributes: right } = (review as SelfReview).spec;
      const asked = right.subresource === undefined ? right.resource : `${right.resource}/${right.subresource}`;
      return asked === path && right.verb === verb;
    };
    const options = {
      paths: VERSION,
      isAllowed: (review: KubeObject) => review.kind !== 'SelfSubjectAccessReview' || !lacks(review),
    };
    const { findings }: DoctorReport = JSON.parse((await runOn(['doctor', '-o', 'json'], options)).stdout);
    const [finding, ...others] = findings.filter(({ check }) => check === 'own-rights');
    expect(others).toEqual([]);
    expect(finding?.verdict).toBe('warning');
    expect(finding?.message).toMatch(
      new RegExp(`^You may not ${verb} ${path}\\b.* in namespace "acme", which kubectl molecule ${command} needs$`),
    );
  });

  it('rejects nothing as unknown that nobody has answered', async () => {
    const { code, stdout, stderr } = await runOn(['doctor'], { failure: new TransportError('connect ECONNREFUSED') });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('Error: Cannot reach the cluster: connect ECONNREFUSED');
  });

  it('does not take a refused login for missing rights', async () => {
    const { code, stderr } = await runOn(['doctor'], { failure: new ApiError('Unauthorized', { code: 401 }) });
    expect(code).toBe(1);
    expect(stderr).toContain('Error: Cannot log in to the cluster');
  });

  it('asks again about a right when the answer got lost', async () => {
    const { stdout } = await runOn(['doctor', '-o', 'json'], { forbidden: EVERYTHING, paths: VERSION, lostAnswers: 3 });
    const { findings }: DoctorReport = JSON.parse(stdout);
    expect(findings.find(({ check }) => check === 'own-rights')?.verdict).toBe('ok');
  });

  it('goes on when one question ends in an error of the server', async () => {
    const { stdout } = await runOn(['doctor', '-o', 'json'], {
      failure: new ApiError('etcdserver: timed out', { code: 500 }),
    });
    const { findings }: DoctorReport = JSON.parse(stdout);
    expect(new Set(findings.map(({ verdict }) => verdict))).toEqual(new Set(['unknown']));
    expect(findings[0]?.message).toBe('Cannot be found out: etcdserver: timed out');
  });
});
