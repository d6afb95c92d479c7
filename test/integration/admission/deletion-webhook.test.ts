/** The webhook and its certificate as the apiserver sees them, with the rights of the operator's account, on a control plane of its own. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../../hack/control-plane.ts';
import { installApi } from '../../../hack/install-api.ts';
import { pickPorts } from '../../../hack/lib/ports.ts';
import { openServiceAccount } from '../../../hack/lib/service-account.ts';
import { waitFor } from '../../../hack/lib/wait.ts';
import { ensureWebhook } from '../../../hack/webhook.ts';
import { WEBHOOK_SECRET } from '../../../src/admission/certificate-keeper.ts';
import { WEBHOOK_NAME } from '../../../src/admission/webhook-configuration.ts';
import { API_VERSION, OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT } from '../../../src/apis/v1alpha1/names.ts';
import { runWebhook } from '../../../src/bin/operator/start-webhook.ts';
import { type OpenClient, openKubeClient } from '../../../src/kube/open-client.ts';
import { type Clock, createSystemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { ALONE } from '../../../src/runtime/leader-election.ts';
import { controlPlane as shared } from '../../support/control-plane.ts';

const NAMESPACE = 'asked';
const DAY_MS = 24 * 60 * 60 * 1000;
const TIMEOUT_MS = 20_000;
/** What takes the keeper 20 s takes it half a second here. */
const HASTE = 40;

let plane: ControlPlane;
let operator: OpenClient;
let port: number;
let asked: string[];
let addAsker: (uid: string, asker: string) => Promise<void>;
let earlierMs: number;
let stop: AbortController;
let running: Promise<void>;

beforeAll(async () => {
  const dir = join(shared().dir, 'webhook');
  plane = await startControlPlane({ dir });
  await installApi(plane.kubectl);
  await ensureWebhook(plane.kubectl);
  await plane.kubectl.must(['create', 'namespace', NAMESPACE]);
  const account = { kubectl: plane.kubectl, namespace: OPERATOR_NAMESPACE, name: OPERATOR_SERVICE_ACCOUNT, dir };
  operator = openKubeClient({
    kubeconfig: (await openServiceAccount(account)).kubeconfig,
    userAgent: 'molecule-operator',
  });
  port = (await pickPorts(['webhook'])).webhook;
});
afterAll(async () => {
  operator.client.close();
  await plane.stop();
});

beforeEach(async () => {
  asked = [];
  earlierMs = 0;
  addAsker = async (uid, asker) => void asked.push(`${asker} ${uid}`);
  stop = new AbortController();
  const system = createSystemClock();
  const clock: Clock = {
    ...system,
    now: () => new Date(Date.now() - earlierMs),
    sleep: (ms, signal) => system.sleep(ms / HASTE, signal),
  };
  running = runWebhook(
    { webhook: { host: '127.0.0.1', port }, webhookURL: `https://127.0.0.1:${port}` },
    {
      client: operator.client,
      ledger: { addAsker: (uid, asker) => addAsker(uid, asker) },
      clock,
      log: createLogger({ name: 'test', level: 'silent' }),
      leadership: ALONE,
    },
    stop.signal,
  );
  await untilAsked();
});
afterEach(async () => {
  stop.abort();
  await running;
});

async function create(name: string): Promise<string> {
  const source = { forge: 'github', owner: 'acme', repo: 'templates', ref: 'main' };
  const object = {
    apiVersion: API_VERSION,
    kind: 'TemplateAsset',
    metadata: { name, namespace: NAMESPACE },
    spec: { source, auth: 'disabled' },
  };
  await plane.kubectl.run(['create', '-f', '-'], { input: JSON.stringify(object) });
  return plane.kubectl.must(['get', 'templateasset', name, '-n', NAMESPACE, '-o', 'jsonpath={.metadata.uid}']);
}

async function remove(user: string, ...args: readonly string[]): Promise<string> {
  const flags = ['--wait=false', '-n', NAMESPACE, '--as', user, '--as-group', 'system:masters'];
  const { code, stderr } = await plane.kubectl.run(['delete', 'templateasset', ...args, ...flags]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stderr;
}

/** Until the apiserver trusts the certificate: what is deleted here is held by its finalizer and may be deleted again and again. */
async function untilAsked(): Promise<void> {
  const uid = await create('always');
  await waitFor(
    async () => {
      await remove('nobody', 'always');
      return asked.includes(`nobody ${uid}`);
    },
    { what: 'the webhook be asked', timeoutMs: TIMEOUT_MS },
  );
  asked.length = 0;
}

describe('a DELETE', () => {
  it('is recorded with who sent it', async () => {
    const uid = await create('one');
    expect(await remove('ada', 'one')).not.toContain('could not be recorded');
    expect(asked).toEqual([`ada ${uid}`]);
  });

  it('of many at once is recorded for each of them', async () => {
    const uids = [await create('many-a'), await create('many-b')];
    await remove('bob', '--all');
    expect(asked).toEqual(expect.arrayContaining(uids.map((uid) => `bob ${uid}`)));
  });

  it('of a dry run, or by a controller of the cluster, is recorded for nobody', async () => {
    await create('spared');
    await remove('ada', 'spared', '--dry-run=server');
    await remove('system:serviceaccount:kube-system:namespace-controller', 'spared');
    expect(asked).toEqual([]);
  });

  it('is let in within the second that the apiserver waits when the ledger hangs, and its sender is warned', async () => {
    await create('hanging');
    addAsker = () => new Promise(() => undefined);
    expect(await remove('ada', 'hanging')).toContain('Warning: Who asks for this deletion could not be recorded');
  });

  it('is let in when nobody answers at all', async () => {
    await create('alone');
    stop.abort();
    await running;
    await remove('ada', 'alone');
    expect(asked).toEqual([]);
  });
});

describe('the certificate', () => {
  async function readBundle(): Promise<string> {
    const path = 'jsonpath={.webhooks[0].clientConfig.caBundle}';
    return plane.kubectl.must(['get', 'validatingwebhookconfiguration', WEBHOOK_NAME, '-o', path]);
  }

  /** The apiserver is told to call this address and to trust the certificate that is stored. */
  async function isWhole(): Promise<boolean> {
    const secret = ['get', 'secret', WEBHOOK_SECRET, '-n', OPERATOR_NAMESPACE, '-o', 'jsonpath={.data.tls\\.crt}'];
    const stored = (await plane.kubectl.run(secret)).stdout;
    const path = 'jsonpath={.webhooks[0].clientConfig.url}';
    const url = await plane.kubectl.must(['get', 'validatingwebhookconfiguration', WEBHOOK_NAME, '-o', path]);
    const decode = (text: string): string => Buffer.from(text, 'base64').toString();
    const isTrusted = stored.length > 500 && decode(await readBundle()).includes(decode(stored));
    return isTrusted && url === `https://127.0.0.1:${port}/asked`;
  }

  it('is renewed without a request that is not recorded', async () => {
    const uid = await create('rotated');
    const before = await readBundle();
    // The present one is not valid yet then, so that it is replaced by one that is 61 days old now.
    earlierMs = 61 * DAY_MS;
    const old = await waitFor(async () => (await readBundle()) !== before && (await readBundle()), {
      what: 'an old certificate be served',
      timeoutMs: TIMEOUT_MS,
    });
    await untilAsked();
    earlierMs = 0;
    let sent = 0;
    await waitFor(
      async () => {
        sent += 1;
        await remove('ada', 'rotated');
        return (await readBundle()) !== old;
      },
      { what: 'the certificate be renewed', timeoutMs: TIMEOUT_MS },
    );
    for (let more = 0; more < 5; more += 1) await remove('ada', 'rotated');
    expect(asked).toEqual(Array.from({ length: sent + 5 }, () => `ada ${uid}`));
  });

  it.each<[string, readonly string[]]>([
    ['its Secret is lost', ['delete', 'secret', WEBHOOK_SECRET, '-n', OPERATOR_NAMESPACE]],
    [
      'its Secret is mangled',
      [
        'patch',
        'secret',
        WEBHOOK_SECRET,
        '-n',
        OPERATOR_NAMESPACE,
        '--type=merge',
        '-p',
        '{"data":{"tls.crt":"bm8="}}',
      ],
    ],
    [
      'the apiserver is told to trust nothing',
      [
        'patch',
        'validatingwebhookconfiguration',
        WEBHOOK_NAME,
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"}]',
      ],
    ],
    [
      'the webhook is said to be elsewhere',
      [
        'patch',
        'validatingwebhookconfiguration',
        WEBHOOK_NAME,
        '--type=json',
        '-p',
        '[{"op":"replace","path":"/webhooks/0/clientConfig/url","value":"https://127.0.0.1:1/asked"}]',
      ],
    ],
  ])('heals when %s', async (_name, damage) => {
    await plane.kubectl.must(damage);
    await waitFor(isWhole, { what: 'Secret and configuration be whole', timeoutMs: TIMEOUT_MS });
    const uid = await create('healed');
    await waitFor(
      async () => {
        await remove('ada', 'healed');
        return asked.includes(`ada ${uid}`);
      },
      { what: 'the webhook be asked again', timeoutMs: TIMEOUT_MS },
    );
  });
});
