import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import {
  AGENT_SERVICE_ACCOUNT,
  ANNOTATIONS,
  ORG_NETWORK_POLICY,
  PLATFORM_AGENT_NAME,
} from '../../../src/apis/v1alpha1/names.ts';
import {
  NETWORK_POLICIES,
  ORGS,
  PERSISTENT_VOLUME_CLAIMS,
  SERVICE_ACCOUNTS,
  WORKSPACES,
} from '../../../src/apis/v1alpha1/resources.ts';
import type { Org, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { desiredNetworkPolicy } from '../../../src/controllers/org/isolation.ts';
import { isNotFound } from '../../../src/kube/errors.ts';
import type { KubeObject, Resource } from '../../../src/kube/objects.ts';
import { canonicalJson } from '../../../src/platform/digest.ts';
import { platformAgentID } from '../../../src/rules/identity.ts';
import { kubectl, mustKubectl } from '../../support/control-plane.ts';
import { decide, untilRequest } from './approvals.ts';
import { startOperator, type TestOperator } from './operator.ts';

const TIMEOUT_MS = 20_000;
const WRITES = ['POST', 'PATCH', 'PUT', 'DELETE'];
const DEFAULTS = { image: 'example.invalid/agent:1', runtime: 'hermes' };

async function untilOrg(
  operator: TestOperator,
  wanted: { readonly type?: string; readonly status?: string; readonly message?: string },
): Promise<Org> {
  const { type = 'Ready', status, message } = wanted;
  return waitFor(
    async () => {
      const org = await operator.get<Org>(ORGS, 'org');
      const condition = org.status?.conditions?.find((candidate) => candidate.type === type);
      return (
        condition !== undefined &&
        condition.status === (status ?? condition.status) &&
        condition.message.includes(message ?? '') &&
        org
      );
    },
    { what: `the Org's ${JSON.stringify(wanted)}`, timeoutMs: TIMEOUT_MS },
  );
}

/** The object under this name once it is another one than that with this uid; undefined once there is none, if that is wanted. */
async function untilReplaced<T extends KubeObject>(
  operator: TestOperator,
  resource: Resource,
  { name, uid }: { readonly name: string; readonly uid: string | undefined },
): Promise<T> {
  const find = async (): Promise<T | false> => {
    try {
      const object = await operator.get<T>(resource, name);
      return object.metadata.uid !== uid && object;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  };
  return waitFor(find, { what: `another ${resource.kind} ${name}`, timeoutMs: TIMEOUT_MS });
}

async function untilGone(operator: TestOperator, resource: Resource, name: string): Promise<void> {
  const isGone = async (): Promise<boolean> => {
    try {
      await operator.get(resource, name);
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  };
  await waitFor(isGone, { what: `the end of ${resource.kind} ${name}`, timeoutMs: TIMEOUT_MS });
}

function writesOf(operator: TestOperator): number {
  return WRITES.reduce((sum, method) => sum + operator.requestsOf(method), 0);
}

/** Asks for a pass and waits for its end. Its answer is one write of status. */
async function reconcile(operator: TestOperator, requestedAt: string): Promise<void> {
  await operator.patch(ORGS, 'org', { metadata: { annotations: { [ANNOTATIONS.requestedAt]: requestedAt } } });
  const isHandled = async (): Promise<boolean> =>
    (await operator.get<Org>(ORGS, 'org')).status?.lastHandledReconcileAt === requestedAt;
  await waitFor(isHandled, { what: 'the pass that was asked for', timeoutMs: TIMEOUT_MS });
}

/** Writes during a pass that is asked for; an Event or status from before may still be among them. */
async function costOfPass(operator: TestOperator): Promise<number> {
  const before = writesOf(operator);
  await reconcile(operator, `after ${before} writes`);
  return writesOf(operator) - before;
}

describe('an Org', () => {
  let operator: TestOperator;
  beforeAll(async () => {
    operator = await startOperator();
    await operator.create(ORGS, { spec: { displayName: 'Acme', defaults: DEFAULTS } }, 'org');
    await untilOrg(operator, { type: 'IsolationReady', status: 'True' });
    await operator.runAgent(await operator.podOf(PLATFORM_AGENT_NAME));
    await untilOrg(operator, { status: 'True' });
  });
  afterAll(() => operator.stop());

  const policySpec = async (): Promise<unknown> => {
    const policy = await operator.get<KubeObject & { readonly spec: unknown }>(NETWORK_POLICIES, ORG_NETWORK_POLICY);
    return policy.spec;
  };
  const wantedSpec = (): unknown =>
    desiredNetworkPolicy('any', { assetServerURL: 'http://127.0.0.1:1', assetServerPort: 1 }).spec;

  it('has walls that are to the apiserver what they are to us, defaults included', async () => {
    expect(await policySpec()).toEqual(wantedSpec());
    expect(await operator.get(SERVICE_ACCOUNTS, AGENT_SERVICE_ACCOUNT)).toMatchObject({
      automountServiceAccountToken: false,
    });
  });

  it('costs one write for a pass that was asked for, and none for the walls and the platform agent', async () => {
    await expect.poll(() => costOfPass(operator), { timeout: TIMEOUT_MS }).toBe(1);
  });

  it.each([
    ['a rule that lets everybody in', { spec: { ingress: [{}] } }],
    ['another selector', { spec: { podSelector: { matchLabels: { app: 'none' } } } }],
    ['one direction less', { spec: { policyTypes: ['Ingress'], egress: null } }],
    ['a missing label', { metadata: { labels: { 'app.kubernetes.io/managed-by': null } }, spec: { egress: [{}] } }],
  ])('takes out of its network policy: %s', async (_what, patch) => {
    await operator.patch(NETWORK_POLICIES, ORG_NETWORK_POLICY, patch);
    const isHealed = async (): Promise<boolean> => canonicalJson(await policySpec()) === canonicalJson(wantedSpec());
    await waitFor(isHealed, { what: 'the policy to be healed', timeoutMs: TIMEOUT_MS });
    await untilOrg(operator, { status: 'True' });
  });

  it('has its walls made anew when somebody removes them', async () => {
    for (const [resource, name] of [
      [NETWORK_POLICIES, ORG_NETWORK_POLICY],
      [SERVICE_ACCOUNTS, AGENT_SERVICE_ACCOUNT],
    ] as const) {
      const { uid } = (await operator.get(resource, name)).metadata;
      await mustKubectl(['delete', resource.plural, name], { namespace: operator.namespace });
      await untilReplaced(operator, resource, { name, uid });
    }
    await untilOrg(operator, { status: 'True' });
  });

  it('leaves its platform agent what somebody else said in fields that are not its own', async () => {
    await operator.patch(WORKSPACES, PLATFORM_AGENT_NAME, { spec: { deliveryMode: 'poll' } });
    await expect.poll(() => costOfPass(operator), { timeout: TIMEOUT_MS }).toBe(1);
    expect((await operator.get<Workspace>(WORKSPACES, PLATFORM_AGENT_NAME)).spec.deliveryMode).toBe('poll');
  });

  it('switches runtime and model of its platform agent, and lets go of them again', async () => {
    const untilSpec = (wanted: object): Promise<true> =>
      waitFor(
        async () => {
          const { spec } = await operator.get<Workspace>(WORKSPACES, PLATFORM_AGENT_NAME);
          const seen = { runtime: spec.runtime, model: spec.model };
          return JSON.stringify(seen) === JSON.stringify(wanted);
        },
        { what: `the platform agent to be ${JSON.stringify(wanted)}`, timeoutMs: TIMEOUT_MS },
      );
    await operator.patch(ORGS, 'org', { spec: { platformAgent: { runtime: 'codex', model: 'large' } } });
    await untilSpec({ runtime: 'codex', model: 'large' });
    await operator.patch(WORKSPACES, PLATFORM_AGENT_NAME, { spec: { runtime: 'openclaw' } });
    await untilSpec({ runtime: 'codex', model: 'large' });
    await operator.patch(ORGS, 'org', { spec: { platformAgent: { model: null } } });
    await untilSpec({ runtime: 'codex' });
    await operator.patch(ORGS, 'org', { spec: { platformAgent: null } });
    await untilSpec({});
  });

  it('has its platform agent made anew, with the same id, when somebody deletes it', async () => {
    const { metadata, spec } = await operator.get<Workspace>(WORKSPACES, PLATFORM_AGENT_NAME);
    await mustKubectl(['delete', 'workspace', PLATFORM_AGENT_NAME, '--wait=false'], { namespace: operator.namespace });
    await decide(operator, await untilRequest(operator, PLATFORM_AGENT_NAME, { phase: 'Pending' }));
    const { uid } = metadata;
    const next = await untilReplaced<Workspace>(operator, WORKSPACES, { name: PLATFORM_AGENT_NAME, uid });
    const org = await operator.get<Org>(ORGS, 'org');
    expect([spec.id, next.spec.id]).toEqual(Array(2).fill(platformAgentID(org.metadata.uid ?? '')));
    await operator.runAgent(await operator.podOf(PLATFORM_AGENT_NAME));
    await untilOrg(operator, { status: 'True' });
  });

  it('is written nothing about by an operator that starts again', async () => {
    await operator.stop();
    operator = await startOperator({ namespace: operator.namespace });
    await reconcile(operator, 'after the restart');
    expect(writesOf(operator)).toBe(1);
  });
});

describe('a Workspace that comes before its Org', () => {
  let operator: TestOperator;
  beforeAll(async () => {
    operator = await startOperator();
  });
  afterAll(() => operator.stop());

  it('waits and goes on at once when the Org is there', async () => {
    await operator.create(WORKSPACES, {}, 'early');
    await operator.until('early', { reason: 'OrgNotFound' });
    await operator.create(ORGS, { spec: { defaults: DEFAULTS } }, 'org');
    await operator.podOf('early');
  });

  it('is given no second agent under an id that is in use, and goes on when that is free', async () => {
    const id = '5f0f8b9c-52b1-4c40-9a5b-8d1d6a0f4e11';
    const elder = await operator.create<Workspace>(WORKSPACES, { spec: { id } }, 'elder');
    await operator.podOf('elder');
    // Ages are counted in whole seconds.
    const bornMs = Date.parse(elder.metadata.creationTimestamp ?? '');
    await waitFor(async () => Date.now() > bornMs + 1_500, { what: 'the next second', timeoutMs: TIMEOUT_MS });
    await operator.create(WORKSPACES, { spec: { id } }, 'younger');
    const { condition } = await operator.until('younger', { type: 'Stalled', reason: 'IDTaken' });
    expect(condition.message).toContain(`belongs to Workspace ${operator.namespace}/elder`);
    expect(await operator.podsOf('younger')).toEqual([]);
    await mustKubectl(['delete', 'workspace', 'elder', '--wait=false'], { namespace: operator.namespace });
    await decide(operator, await untilRequest(operator, 'elder', { phase: 'Pending' }));
    await operator.podOf('younger');
  });
});

describe('an Org that is deleted', () => {
  let operator: TestOperator;
  beforeAll(async () => {
    operator = await startOperator();
    await operator.create(ORGS, { spec: { defaults: DEFAULTS } }, 'org');
    await operator.create(WORKSPACES, {}, 'lead');
    await operator.create(WORKSPACES, { spec: { parentRef: { name: 'lead' } } }, 'member');
    await operator.create(WORKSPACES, { spec: { parentRef: { name: 'member' } } }, 'helper');
    await Promise.all(['lead', 'member', 'helper', PLATFORM_AGENT_NAME].map((name) => operator.podOf(name)));
  });
  afterAll(() => operator.stop());

  it('takes its Workspaces along, the deepest first and the platform agent last; namespace and volumes stay', async () => {
    const { namespace, client } = operator;
    // Holds the deepest one, so that everything that waits for it can be seen.
    const hold = (finalizers: readonly string[]): Promise<unknown> =>
      operator.patch(WORKSPACES, 'helper', { metadata: { finalizers } });
    const { finalizers = [] } = (await operator.get<Workspace>(WORKSPACES, 'helper')).metadata;
    await hold([...finalizers, 'example.test/hold']);
    await mustKubectl(['delete', 'org', 'org', '--wait=false'], { namespace });

    const request = await untilRequest(operator, 'org', { phase: 'Pending' });
    await untilOrg(operator, { type: 'ApprovalPending', status: 'True' });
    for (const { metadata } of operator.stores.workspaces.list()) expect(metadata.deletionTimestamp).toBeUndefined();
    await decide(operator, request);
    await untilOrg(operator, { message: 'Waits for 3 Workspaces to go: helper, lead, member' });
    await operator.until('lead', { type: 'AgentReady', reason: 'DeletingChildren' });
    await operator.until('member', { type: 'AgentReady', reason: 'DeletingChildren' });
    const refused = await kubectl(['create', '-f', '-'], {
      namespace,
      input: JSON.stringify({
        apiVersion: 'moleculesai.app/v1alpha1',
        kind: 'Workspace',
        metadata: { name: 'late' },
        spec: {},
      }),
    });
    expect(refused.stderr).toContain('the Org of this namespace is being deleted and takes no new ones');
    const platformAgent = await operator.get<Workspace>(WORKSPACES, PLATFORM_AGENT_NAME);
    expect(platformAgent.metadata.deletionTimestamp).toBeUndefined();
    expect(await operator.get(NETWORK_POLICIES, ORG_NETWORK_POLICY)).toBeDefined();

    const order: string[] = [];
    operator.stores.workspaces.onChange((before, after) => {
      if (before !== undefined && after === undefined) order.push(before.metadata.name);
    });
    await hold(['example.test/hold']).catch(() => undefined);
    await hold([]);
    await untilGone(operator, ORGS, 'org');
    expect(order).toEqual(['helper', 'member', 'lead', PLATFORM_AGENT_NAME]);
    await untilGone(operator, NETWORK_POLICIES, ORG_NETWORK_POLICY);
    await untilGone(operator, SERVICE_ACCOUNTS, AGENT_SERVICE_ACCOUNT);
    const { signal } = new AbortController();
    expect((await client.list(PERSISTENT_VOLUME_CLAIMS, { namespace, signal })).items).toHaveLength(4);
    expect((await kubectl(['get', 'namespace', namespace])).code).toBe(0);
  });
});
