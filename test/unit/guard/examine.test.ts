import { beforeEach, describe, expect, it, vi } from 'vitest';
import { OPERATOR_NAMESPACE } from '../../../src/apis/v1alpha1/names.ts';
import { PERSISTENT_VOLUME_CLAIMS, TEMPLATE_ASSETS } from '../../../src/apis/v1alpha1/resources.ts';
import { examine, POLICIES, POLICY_BINDINGS } from '../../../src/guard/examine.ts';
import type { ProbeSession } from '../../../src/guard/probe-session.ts';
import { PROBE_KEY, PROBES } from '../../../src/guard/probes.ts';
import { SHIPPED } from '../../../src/guard/shipped.generated.ts';
import { ApiError, TransportError } from '../../../src/kube/errors.ts';
import { HttpKubeClient } from '../../../src/kube/http-client.ts';
import { NAMESPACES } from '../../memory-api/kinds.ts';
import { MemoryApi } from '../../memory-api/memory-api.ts';
import { createMemoryTransport } from '../../memory-api/memory-transport.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';

const { signal } = new AbortController();
const WRITE = { fieldManager: 'test', signal };
const REFUSED = { code: 403, headers: {}, text: refusal() };
const ADMITTED = { code: 200, headers: {}, text: '{}' };

let api: MemoryApi;
let client: HttpKubeClient;

beforeEach(async () => {
  const clock = new VirtualClock();
  let uids = 0;
  api = new MemoryApi({
    now: () => clock.now(),
    newUID: () => {
      uids += 1;
      return `uid-${uids}`;
    },
    kinds: [TEMPLATE_ASSETS, PERSISTENT_VOLUME_CLAIMS, POLICIES, POLICY_BINDINGS],
  });
  client = new HttpKubeClient(createMemoryTransport(api), { clock, random: () => 0 });
  await client.create(
    NAMESPACES,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: OPERATOR_NAMESPACE } },
    WRITE,
  );
  for (const { kind, name, spec } of SHIPPED) {
    const policy = { apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name }, spec };
    await client.create(kind === POLICIES.kind ? POLICIES : POLICY_BINDINGS, policy, WRITE);
  }
});

function refusal(): string {
  const name = SHIPPED[0]?.name;
  const message = `x is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: No`;
  return JSON.stringify({ kind: 'Status', reason: 'Forbidden', message });
}

function session(call: ProbeSession['call'] = async () => REFUSED) {
  return { call: vi.fn(call), close: vi.fn() };
}

function run(opened: ProbeSession): Promise<readonly string[]> {
  return examine({ client, openSession: async () => opened }, signal);
}

describe('an examination', () => {
  it('finds nothing open where every policy is there and every probe is refused', async () => {
    const opened = session();
    expect(await run(opened)).toEqual([]);
    expect(opened.call).toHaveBeenCalledTimes(PROBES.length);
    expect(opened.close).toHaveBeenCalledOnce();
  });

  it('sends dry runs only', async () => {
    const opened = session();
    await run(opened);
    for (const [{ path }] of opened.call.mock.calls) expect(path).toMatch(/[?&]dryRun=All$/);
  });

  it('puts there what the probes are tried on, once', async () => {
    await run(session());
    const claim = await client.get(PERSISTENT_VOLUME_CLAIMS, PROBE_KEY, { signal });
    expect(claim.metadata).not.toHaveProperty('labels');
    await client.get(TEMPLATE_ASSETS, PROBE_KEY, { signal });
    const before = api.requests.filter(({ method }) => method !== 'GET').length;
    await run(session());
    expect(api.requests.filter(({ method }) => method !== 'GET').length).toBe(before);
  });

  it('names what is missing and what is let in, sorted', async () => {
    const [shipped] = SHIPPED;
    await client.delete(POLICIES, { namespace: '', name: shipped?.name ?? '' }, { signal });
    const routes = await run(session(async ({ method }) => (method === 'DELETE' ? ADMITTED : REFUSED)));
    expect(routes.map((route) => route.split(':')[0])).toEqual([
      `Missing are ${POLICIES.kind} ${shipped?.name}`,
      'Whoever has the rights can delete the namespace of the operator',
      'Whoever has the rights can delete the volume of an agent',
    ]);
  });

  it('is open where no token may be had for the probes', async () => {
    const openSession = () => Promise.reject(new ApiError('no', { code: 403 }));
    const [route = '', ...others] = await examine({ client, openSession }, signal);
    expect(route).toContain('The policies cannot be probed for want of ServiceAccount molecule-guard-probe');
    expect(others).toEqual([]);
  });

  it('fails, and closes what it opened, where a probe is not judged', async () => {
    const opened = session(async ({ method }) => (method === 'POST' ? { ...REFUSED, code: 503 } : REFUSED));
    await expect(run(opened)).rejects.toThrow('HTTP 503');
    expect(opened.close).toHaveBeenCalledOnce();
  });

  it.each([
    ['the apiserver is gone', new TransportError('gone')],
    ['the apiserver is overloaded', new ApiError('slow down', { code: 429 })],
  ])('fails where %s when a token is asked for', async (_name, error) => {
    await expect(examine({ client, openSession: () => Promise.reject(error) }, signal)).rejects.toBe(error);
  });
});
