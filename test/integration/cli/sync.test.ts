import { beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import type { SyncResult } from '../../../src/cli/sync/sync-result.ts';
import { createNamespace, mustKubectl } from '../../support/control-plane.ts';
import { conditions, create, writeStatus } from './objects.ts';
import { plugin } from './plugin.ts';

let namespace: string;

beforeAll(async () => {
  namespace = await createNamespace('sync');
  await create(namespace, [
    { kind: 'Workspace', metadata: { name: 'good' }, spec: {} },
    { kind: 'Workspace', metadata: { name: 'bad' }, spec: {} },
    { kind: 'Workspace', metadata: { name: 'silent' }, spec: {} },
  ]);
});

/** The value of the annotation, once it is there. */
async function requested(name: string): Promise<string> {
  const path = "jsonpath={.metadata.annotations['reconcile\\.moleculesai\\.app/requestedAt']}";
  let value = '';
  await waitFor(
    async () => {
      value = await mustKubectl(['get', 'workspace', name, '-o', path], { namespace });
      return value !== '';
    },
    { what: `${name} to be asked for`, timeoutMs: 20_000 },
  );
  return value;
}

describe('kubectl molecule sync --wait', () => {
  it('ends when the operator has answered and the object is ready, and not before', async () => {
    const running = plugin(['sync', 'ws/good', '-n', namespace, '--wait', '-o', 'json']);
    const requestedAt = await requested('good');
    const ready = conditions('True', 'WorkspaceReady', { message: 'The agent is ready', types: ['Ready'] });
    // Ready, but by an earlier pass.
    await writeStatus(namespace, 'workspace/good', { observedGeneration: 1, conditions: ready });
    const creating = conditions('False', 'Creating', { message: 'The Pod is being created', types: ['Ready'] });
    const handled = { observedGeneration: 1, lastHandledReconcileAt: requestedAt };
    await writeStatus(namespace, 'workspace/good', { ...handled, conditions: creating });
    await writeStatus(namespace, 'workspace/good', { ...handled, conditions: ready });
    const { code, stdout, stderr } = await running;
    expect(code).toBe(0);
    const result: SyncResult = JSON.parse(stdout);
    expect(result).toMatchObject({ requestedAt, outcome: 'Done', state: 'Ready', reason: 'WorkspaceReady' });
    expect(stderr).toContain('Creating: The Pod is being created\n');
  });

  it('ends with 1 when only a changed spec can help', async () => {
    const running = plugin(['sync', 'ws/bad', '-n', namespace, '--wait']);
    const lastHandledReconcileAt = await requested('bad');
    const stalled = conditions('False', 'ImageMissing', { message: 'No image is known', types: ['Ready'] });
    const abnormal = conditions('True', 'ImageMissing', { message: 'No image is known', types: ['Stalled'] });
    await writeStatus(namespace, 'workspace/bad', {
      observedGeneration: 1,
      lastHandledReconcileAt,
      conditions: [...stalled, ...abnormal],
    });
    const { code, stderr } = await running;
    expect(code).toBe(1);
    expect(stderr).toContain(
      `Error: Workspace ${namespace}/bad is not ready: ImageMissing: No image is known; see more: `,
    );
  });

  it('ends with 1 when nobody answers in time', async () => {
    const { code, stderr } = await plugin(['sync', 'silent', '-n', namespace, '--wait', '--timeout', '1s']);
    expect(code).toBe(1);
    expect(stderr).toContain(`Error: Workspace ${namespace}/silent is not ready after 1 s: NotObserved: `);
  });

  it('ends with 130 when it is interrupted', async () => {
    const controller = new AbortController();
    const running = plugin(['sync', 'silent', '-n', namespace, '--wait'], { signal: controller.signal });
    await requested('silent');
    controller.abort(new Error('Interrupted by SIGINT'));
    expect((await running).code).toBe(130);
  });

  it('writes as a field manager of its own, and nothing but the annotation', async () => {
    await plugin(['sync', 'silent', '-n', namespace]);
    const text = await mustKubectl(['get', 'workspace', 'silent', '-o', 'json', '--show-managed-fields'], {
      namespace,
    });
    const { metadata } = JSON.parse(text) as {
      readonly metadata: { readonly managedFields: readonly { readonly manager: string; readonly fieldsV1: object }[] };
    };
    const own = metadata.managedFields.find(({ manager }) => manager === 'kubectl-molecule');
    expect(own?.fieldsV1).toEqual({
      'f:metadata': { 'f:annotations': { '.': {}, 'f:reconcile.moleculesai.app/requestedAt': {} } },
    });
  });
});
