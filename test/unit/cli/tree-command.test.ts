import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ORGS } from '../../../src/apis/v1alpha1/resources.ts';
import type { Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import type { ClusterClient, ClusterOptions } from '../../../src/cli/connect.ts';
import { runMolecule } from '../../../src/cli/molecule.ts';
import type { ListOptions } from '../../../src/kube/client.ts';
import { ApiError, TransportError } from '../../../src/kube/errors.ts';
import { type Captured, type CaptureOptions, capture } from './capture.ts';
import { child, condition, org, workspace } from './objects.ts';

const OBJECTS: readonly (Org | Workspace)[] = [
  org('acme'),
  workspace('platform-agent'),
  workspace('researcher'),
  child('librarian', 'researcher', {
    status: {
      observedGeneration: 1,
      conditions: [condition('Ready', 'False', { reason: 'TemplateNotFound', message: 'No such template' })],
    },
  }),
  org('zoo'),
];

interface Call extends ClusterOptions {
  readonly namespace: string | undefined;
}

interface Run extends Captured {
  readonly calls: readonly Call[];
  readonly closed: number;
}

/** Runs the plugin on these objects, which come in pages of two, or on a cluster that fails. */
async function run(
  argv: readonly string[],
  options: CaptureOptions & { objects?: typeof OBJECTS; failure?: Error } = {},
): Promise<Run> {
  const calls: Call[] = [];
  let closed = 0;
  const objects = options.objects ?? OBJECTS;
  const list = async (resource: { readonly kind: string }, page: ListOptions): Promise<unknown> => {
    if (options.failure !== undefined) throw options.failure;
    const all = objects.filter(
      (object) =>
        object.kind === resource.kind && (page.namespace ?? object.metadata.namespace) === object.metadata.namespace,
    );
    const start = Number(page.continue ?? 0);
    const next = start + 2 < all.length ? { continue: String(start + 2) } : {};
    return { items: all.slice(start, start + 2), resourceVersion: '1', ...next };
  };
  const connect = async (cluster: ClusterOptions) => ({
    client: {
      list: (resource, page) => {
        if (resource.kind === ORGS.kind) calls.push({ ...cluster, namespace: page.namespace });
        return list(resource, page);
      },
    } as Partial<ClusterClient> as ClusterClient,
    server: 'https://cluster.test',
    namespace: 'acme',
    close: () => {
      closed += 1;
    },
  });
  const { signal } = new AbortController();
  const now = () => new Date('2026-11-21T07:05:00Z');
  const captured = await capture(
    (io) => runMolecule(argv, { io, connect, now, programURL: import.meta.url, signal }),
    options,
  );
  return { ...captured, calls, closed };
}

describe('kubectl molecule tree', () => {
  it("shows the Org of the context's namespace, from all pages, and disconnects", async () => {
    const { code, stdout, stderr, calls, closed } = await run(['tree'], { env: { LANG: 'en_US.UTF-8' } });
    expect({ code, stderr, closed, namespace: calls[0]?.namespace }).toEqual({
      code: 0,
      stderr: '',
      closed: 1,
      namespace: 'acme',
    });
    expect(stdout).toMatchInlineSnapshot(`
      "NAME                  STATE    REVISION      AGE  MESSAGE
      ✔ acme                Ready                  5m   Org "Acme Corp", 2 of 3 agents ready
      └─ ✔ platform-agent   Ready    a1b2c3d4e5f6  3m
         └─ ✔ researcher    Ready    a1b2c3d4e5f6  3m
            └─ ● librarian  Waiting  a1b2c3d4e5f6  3m   TemplateNotFound: No such template
      "
    `);
  });

  it('passes on namespace, context and kubeconfig', async () => {
    const { calls } = await run(['tree', '-n', 'zoo', '--context', 'prod', '--kubeconfig', '/k']);
    expect(calls).toMatchObject([{ namespace: 'zoo', context: 'prod', kubeconfig: '/k' }]);
  });

  it('shows all namespaces with -A', async () => {
    const { stdout, calls } = await run(['tree', '-A']);
    expect(calls[0]?.namespace).toBeUndefined();
    expect(stdout.match(/^\S+ (acme|zoo) /gm)).toHaveLength(2);
  });

  it('prints JSON in the structure that scripts rely on, and the same as YAML', async () => {
    const json = await run(['tree', '-o', 'json']);
    expect(json.stdout).toMatchInlineSnapshot(`
      "{
        "apiVersion": "cli.moleculesai.app/v1alpha1",
        "kind": "OrgTreeList",
        "items": [
          {
            "namespace": "acme",
            "orgID": "b7c1f1de-0000-4000-8000-000000000001",
            "displayName": "Acme Corp",
            "createdAt": "2026-11-21T07:00:00Z",
            "state": "Ready",
            "reason": "WorkspaceReady",
            "message": "The agent is ready",
            "root": {
              "name": "platform-agent",
              "kind": "platform",
              "state": "Ready",
              "reason": "WorkspaceReady",
              "message": "The agent is ready",
              "displayName": null,
              "id": null,
              "revision": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
              "files": 7,
              "runtime": null,
              "template": null,
              "pod": "ws-platform-agent",
              "endpoint": "http://10.244.0.7:8000",
              "createdAt": "2026-11-21T07:02:00Z",
              "approval": null,
              "children": [
                {
                  "name": "researcher",
                  "kind": "workspace",
                  "state": "Ready",
                  "reason": "WorkspaceReady",
                  "message": "The agent is ready",
                  "displayName": null,
                  "id": null,
                  "revision": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
                  "files": 7,
                  "runtime": null,
                  "template": null,
                  "pod": "ws-researcher",
                  "endpoint": "http://10.244.0.7:8000",
                  "createdAt": "2026-11-21T07:02:00Z",
                  "approval": null,
                  "children": [
                    {
                      "name": "librarian",
                      "kind": "workspace",
                      "state": "Waiting",
                      "reason": "TemplateNotFound",
                      "message": "No such template",
                      "displayName": null,
                      "id": null,
                      "revision": "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
                      "files": 7,
                      "runtime": null,
                      "template": null,
                      "pod": "ws-librarian",
                      "endpoint": "http://10.244.0.7:8000",
                      "createdAt": "2026-11-21T07:02:00Z",
                      "approval": null,
                      "children": []
                    }
                  ]
                }
              ]
            },
            "detached": []
          }
        ]
      }
      "
    `);
    const yaml = await run(['tree', '-o', 'yaml']);
    expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
  });

  it('adds columns with -o wide', async () => {
    expect((await run(['tree', '-o', 'wide'])).stdout).toMatch(/^NAME +STATE +REVISION +AGE +POD +ENDPOINT /);
  });

  it('colours on a terminal, but not with --no-color', async () => {
    expect((await run(['tree'], { isTTY: true })).stdout).toContain('\u001B[32m');
    expect((await run(['tree', '--no-color'], { isTTY: true })).stdout).not.toContain('\u001B');
  });

  it('says so when there is nothing to show; programs get an empty list', async () => {
    const note = 'No Org and no Workspace found in namespace "empty"\n';
    expect(await run(['tree', '-n', 'empty'])).toMatchObject({ code: 0, stdout: '', stderr: note });
    const json = await run(['tree', '-n', 'empty', '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual({
      apiVersion: 'cli.moleculesai.app/v1alpha1',
      kind: 'OrgTreeList',
      items: [],
    });
    expect((await run(['tree', '-A'], { objects: [] })).stderr).toBe(
      'No Org and no Workspace found in any namespace\n',
    );
  });

  it.each([
    [
      'the CRDs are missing',
      new ApiError('the server could not find the requested resource', { code: 404, reason: 'NotFound' }),
      'Error: Cannot read the Orgs: this cluster does not know moleculesai.app/v1alpha1; install the operator: kubectl apply --server-side -f manifests/install.yaml\n',
    ],
    [
      'listing is forbidden',
      new ApiError('orgs.moleculesai.app is forbidden: User "eve" cannot list resource "orgs"', {
        code: 403,
        reason: 'Forbidden',
      }),
      'Error: Cannot read the Orgs: orgs.moleculesai.app is forbidden: User "eve" cannot list resource "orgs"; ask for the right to list orgs and workspaces in namespace "acme"\n',
    ],
    [
      'the credentials have expired',
      new ApiError('Unauthorized', { code: 401, reason: 'Unauthorized' }),
      'Error: Cannot log in to the cluster: Unauthorized; renew the credentials of this context\n',
    ],
    [
      'the server fails',
      new ApiError('etcdserver: request timed out', { code: 500 }),
      'Error: Cannot read the Orgs: etcdserver: request timed out\n',
    ],
    [
      'nobody answers',
      new TransportError('connect ECONNREFUSED 127.0.0.1:6443'),
      'Error: Cannot reach the cluster: connect ECONNREFUSED 127.0.0.1:6443; check that it runs and that "kubectl config current-context" names it\n',
    ],
    ['something else is wrong, on one line', new Error('one\n  two'), 'Error: one two\n'],
  ])('exits with 1 and says what to do when %s', async (_name, failure, stderr) => {
    expect(await run(['tree'], { failure })).toMatchObject({ code: 1, stdout: '', stderr, closed: 1 });
  });

  it('names the way out when all namespaces are forbidden', async () => {
    const failure = new ApiError('forbidden', { code: 403 });
    expect((await run(['tree', '-A'], { failure })).stderr).toContain('in all namespaces, or name one with -n\n');
  });
});

describe('the arguments of kubectl molecule', () => {
  it('calls itself kubectl molecule in its help, which documents the exit codes', async () => {
    for (const argv of [[], ['tree'], ['status'], ['sync'], ['doctor'], ['completion']].map((words) => [
      ...words,
      '--help',
    ])) {
      const { code, stdout, calls } = await run(argv);
      expect({ code, calls }).toEqual({ code: 0, calls: [] });
      expect(stdout).toMatch(/^Usage: kubectl molecule /);
      expect(stdout).toContain(
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 waits for a human's decision, 130 interrupted.",
      );
    }
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['forest']],
    ['an unknown option', ['tree', '--deep']],
    ['an unknown format', ['tree', '-o', 'xml']],
    ['both -n and -A', ['tree', '-n', 'acme', '-A']],
    ['a stray argument', ['tree', 'acme']],
    ['a namespace that is none', ['tree', '-n', '../x']],
    ['no object', ['status']],
    ['an object of no kind of ours', ['status', 'pod/writer']],
    ['an object whose name is none', ['sync', 'ta/../x']],
    ['a timeout without a unit', ['sync', 'writer', '--timeout', '5']],
    ['a timeout of nothing', ['sync', 'writer', '--timeout', '0s']],
    ['a table of what is one line', ['sync', 'writer', '-o', 'table']],
    ['an unknown shell', ['completion', 'csh']],
  ])('exits with 2 for %s, before it connects', async (_name, argv) => {
    const { code, stdout, stderr, calls } = await run(argv);
    expect({ code, stdout, calls }).toEqual({ code: 2, stdout: '', calls: [] });
    expect(stderr).not.toBe('');
  });

  it('says what a namespace is made of', async () => {
    expect((await run(['tree', '-n', '../x'])).stderr).toContain('A namespace has at most 63 lower-case letters');
  });

  it('has examples in the help of every command', async () => {
    for (const command of ['tree', 'status', 'sync', 'doctor', 'completion']) {
      expect((await run([command, '--help'])).stdout).toContain(`Examples:\n  kubectl molecule ${command}`);
    }
  });
});
