import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ApiError } from '../../../../src/kube/errors.ts';
import { runOn } from '../fake-cluster.ts';
import { notReady, workspace } from '../objects.ts';
import { UTF8, world } from './status-world.ts';

describe('the output of kubectl molecule status', () => {
  const objects = world({
    status: notReady('TemplateReady', { reason: 'TemplateNotFound', message: 'x'.repeat(200) }),
  });

  it('is a structure for programs, the same in JSON and YAML', async () => {
    const json = await runOn(['status', 'writer', '-o', 'json'], {
      objects: [workspace('writer', { spec: { runtime: 'mock' } })],
    });
    expect(json.stdout).toMatchInlineSnapshot(`
      "{
        "apiVersion": "cli.moleculesai.app/v1alpha1",
        "kind": "ObjectStatus",
        "object": {
          "kind": "Workspace",
          "namespace": "acme",
          "name": "writer"
        },
        "state": "Ready",
        "reason": "WorkspaceReady",
        "message": "The agent is ready",
        "notice": null,
        "chain": [
          {
            "link": "org",
            "name": "org",
            "state": "Missing",
            "reason": null,
            "message": "Does not exist",
            "isCulprit": true
          },
          {
            "link": "parent",
            "name": "platform-agent",
            "state": "Waiting",
            "reason": null,
            "message": "Does not exist",
            "isCulprit": false
          },
          {
            "link": "workspace",
            "name": "writer",
            "state": "Ready",
            "reason": null,
            "message": "Nothing is wrong with the object itself",
            "isCulprit": false
          },
          {
            "link": "agent",
            "name": null,
            "state": "Unknown",
            "reason": null,
            "message": "The runtime mock needs no Pod, no volume and no template",
            "isCulprit": false
          }
        ],
        "approvals": [],
        "deletionGrant": null,
        "next": {
          "command": "kubectl molecule doctor -n acme"
        },
        "events": []
      }
      "
    `);
    const yaml = await runOn(['status', 'writer', '-o', 'yaml'], {
      objects: [workspace('writer', { spec: { runtime: 'mock' } })],
    });
    expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
  });

  it('fits the terminal, but for what is to be read and copied in full', async () => {
    const { stdout } = await runOn(['status', 'writer'], {
      objects,
      isTTY: true,
      columns: 80,
      env: { ...UTF8, NO_COLOR: '1' },
    });
    const long = stdout.split('\n').filter((line) => line.length > 80);
    expect(long).toEqual([`Waits for: TemplateNotFound: ${'x'.repeat(200)}`]);
  });

  it('is not cut with -o wide', async () => {
    const { stdout } = await runOn(['status', 'writer', '-o', 'wide'], {
      objects,
      isTTY: true,
      columns: 80,
      env: UTF8,
    });
    expect(stdout.split('\n').filter((line) => line.includes('x'.repeat(200)))).toHaveLength(2);
  });

  it('colours the marks on a terminal alone', async () => {
    expect((await runOn(['status', 'writer'], { objects, isTTY: true })).stdout).toContain(
      '\u001B[31mx\u001B[0m Template',
    );
    expect((await runOn(['status', 'writer'], { objects })).stdout).not.toContain('\u001B');
  });

  it('names the cluster that was looked at in the command to run next', async () => {
    const { stdout } = await runOn(['status', 'writer', '-o', 'json', '--context', 'my prod', '--kubeconfig', '/k'], {
      objects,
    });
    expect(JSON.parse(stdout).next.command).toBe(
      `kubectl get templateassets -n acme --context 'my prod' --kubeconfig /k`,
    );
  });
});

describe('a failure of kubectl molecule status', () => {
  it.each([
    [
      'the object does not exist',
      {},
      'Error: Cannot read Workspace acme/writer: it does not exist; see what is there: kubectl get workspaces -n acme\n',
    ],
    [
      'it may not be read',
      { forbidden: ['Workspace'] },
      'Error: Cannot read Workspace acme/writer: Workspace is forbidden: User "eve" may not; ask for the right to get workspaces in namespace "acme"\n',
    ],
    [
      'the CRDs are missing',
      { failure: new ApiError('The apiserver answered with HTTP 404', { code: 404 }) },
      'Error: Cannot read Workspace acme/writer: this cluster does not know moleculesai.app/v1alpha1; install the operator: kubectl apply --server-side -f manifests/install.yaml\n',
    ],
  ])('exits with 1 when %s', async (_name, options, stderr) => {
    expect(await runOn(['status', 'writer'], options)).toMatchObject({ code: 1, stdout: '', stderr });
  });
});
