import { describe, expect, it } from 'vitest';
import { NOW, runOn } from '../fake-cluster.ts';
import { condition, notReady, templateAsset, workspace } from '../objects.ts';

const ASKED = NOW.toISOString();
const READY = {
  observedGeneration: 1,
  lastHandledReconcileAt: ASKED,
  conditions: [condition('Ready', 'True', { reason: 'ArtifactStored', message: 'Revision a1b2 is stored' })],
};
const FAILED = {
  ...notReady('ArtifactReady', { reason: 'Unauthorized', message: 'The forge refused the token' }),
  lastHandledReconcileAt: ASKED,
};
const objects = [templateAsset('writing'), workspace('writer')];

describe('kubectl molecule sync', () => {
  it('asks for a pass and says how to see what comes of it', async () => {
    const { code, stdout, stderr, cluster } = await runOn(['sync', 'ta/writing'], { objects });
    expect({ code, stderr, stdout }).toEqual({
      code: 0,
      stderr: '',
      stdout: `TemplateAsset acme/writing: a pass is asked for (${ASKED}); see what comes of it: kubectl molecule status ta/writing -n acme\n`,
    });
    expect(cluster.patches).toEqual([
      {
        kind: 'TemplateAsset',
        key: { namespace: 'acme', name: 'writing' },
        body: { metadata: { annotations: { 'reconcile.moleculesai.app/requestedAt': ASKED } } },
        fieldManager: 'kubectl-molecule',
      },
    ]);
  });

  it('waits until the operator has answered this very request, and says what for', async () => {
    const { code, stdout, stderr } = await runOn(['sync', 'ta/writing', '--wait'], {
      objects,
      watched: () => [{ type: 'MODIFIED', object: templateAsset('writing', { status: READY }) }],
    });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'TemplateAsset acme/writing is ready: ArtifactStored: Revision a1b2 is stored\n',
    });
    expect(stderr).toBe('Waiting for the operator\n');
  });

  it('exits with 1 and the message when it failed', async () => {
    const { code, stdout, stderr } = await runOn(['sync', 'ta/writing', '--wait'], {
      objects,
      watched: () => [{ type: 'MODIFIED', object: templateAsset('writing', { status: FAILED }) }],
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      'Error: TemplateAsset acme/writing is not ready: Unauthorized: The forge refused the token; see more: kubectl molecule status ta/writing -n acme\n',
    );
  });

  it('exits with 1 when the object goes meanwhile', async () => {
    const { code, stderr } = await runOn(['sync', 'ta/writing', '--wait'], {
      objects,
      watched: () => [{ type: 'DELETED', object: templateAsset('writing') }],
    });
    expect(code).toBe(1);
    expect(stderr).toContain('It is not there any more');
  });

  it('exits with 1 when the time is over, and tells programs how far it came', async () => {
    const { code, stdout, stderr } = await runOn(['sync', 'ws/writer', '--wait', '--timeout', '1s', '-o', 'json'], {
      objects,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('Error: Workspace acme/writer is not ready after 1 s: NotObserved: ');
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: 'cli.moleculesai.app/v1alpha1',
      kind: 'SyncResult',
      requestedAt: ASKED,
      object: { kind: 'Workspace', namespace: 'acme', name: 'writer' },
      outcome: 'TimedOut',
      state: 'Unknown',
      reason: 'NotObserved',
      message: 'The operator has not answered yet; if it never does, see kubectl molecule doctor',
    });
  });

  it('exits with 130 when it is interrupted, and clears its line', async () => {
    const controller = new AbortController();
    const running = runOn(['sync', 'writer', '--wait'], {
      objects,
      isTTY: true,
      signal: controller.signal,
      watched: () => {
        controller.abort(new Error('Interrupted by SIGINT'));
        return [];
      },
    });
    const { code, stdout, stderr } = await running;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr.endsWith('\r\u001B[KInterrupted\n')).toBe(true);
  });

  it.each([
    [
      'the object does not exist',
      'ws/nobody',
      {},
      'Error: Cannot ask for a pass over Workspace acme/nobody: it does not exist; see what is there: kubectl get workspaces -n acme\n',
    ],
    [
      'the caller may not change it',
      'org',
      { forbidden: ['Org'] },
      'Error: Cannot ask for a pass over Org acme/org: Org is forbidden: User "eve" may not; ask for the right to patch orgs in namespace "acme"\n',
    ],
  ])('exits with 1 and says what to do when %s', async (_name, object, options, stderr) => {
    expect(await runOn(['sync', object, '--wait'], options)).toMatchObject({ code: 1, stdout: '', stderr });
  });
});
