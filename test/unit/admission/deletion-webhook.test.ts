import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeServingPair, type ServingPair } from '../../../src/admission/certificate.ts';
import { createDeletionWebhook, type DeletionWebhook } from '../../../src/admission/deletion-webhook.ts';
import { LedgerUnavailableError } from '../../../src/ledger/unavailable.ts';
import { createSystemClock } from '../../../src/platform/clock.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';

const UID = '3f0e1d52-7a3c-4a35-9d6b-0d1f8f1a2b3c';
const RECORDED = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: 'r1', allowed: true } };
const WARNED = { response: { uid: 'r1', allowed: true, warnings: [expect.stringContaining('approve-unattributed')] } };

function reviewOf(request: object = {}): object {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'r1',
      operation: 'DELETE',
      dryRun: false,
      userInfo: { username: 'ada', groups: ['people'] },
      object: null,
      oldObject: { apiVersion: 'v1', kind: 'Workspace', metadata: { name: 'w', uid: UID } },
      ...request,
    },
  };
}

const takeAsker = async (_uid: string, _asker: string, _signal: AbortSignal): Promise<void> => undefined;

function build(addAsker = vi.fn(takeAsker)) {
  const clock = new VirtualClock();
  const onError = vi.fn();
  const { app } = createDeletionWebhook({ ledger: { addAsker }, clock, onError });
  const ask = (payload: unknown) => app.inject({ method: 'POST', url: '/asked', payload: payload as object });
  return { app, ask, addAsker, clock, onError };
}

describe('the review of a DELETE', () => {
  it('is answered once the asker is recorded', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { ask, addAsker, clock } = build(vi.fn(() => promise));
    let isAnswered = false;
    const answer = ask(reviewOf()).then((response) => {
      isAnswered = true;
      return response;
    });
    await vi.waitFor(() => expect(addAsker).toHaveBeenCalledWith(UID, 'ada', expect.any(AbortSignal)));
    expect(isAnswered).toBe(false);
    resolve();
    expect((await answer).json()).toEqual(RECORDED);
    expect(clock.timers).toBe(0);
  });

  it.each([
    ['of a dry run', { dryRun: true }],
    ['by the operator itself', { userInfo: { username: 'system:serviceaccount:molecule-system:molecule-operator' } }],
    [
      'by a controller of the cluster',
      { userInfo: { username: 'system:serviceaccount:kube-system:namespace-controller' } },
    ],
  ])('%s is allowed and records nobody', async (_name, request) => {
    const { ask, addAsker } = build();
    expect((await ask(reviewOf(request))).json()).toEqual(RECORDED);
    expect(addAsker).not.toHaveBeenCalled();
  });

  it('by a service account of somebody records it', async () => {
    const { ask, addAsker } = build();
    await ask(reviewOf({ userInfo: { username: 'system:serviceaccount:flux-system:kustomize-controller' } }));
    expect(addAsker).toHaveBeenCalledOnce();
  });

  it('is allowed with a warning when the ledger refuses', async () => {
    const { ask, onError } = build(vi.fn().mockRejectedValue(new LedgerUnavailableError('down')));
    expect((await ask(reviewOf())).json()).toMatchObject(WARNED);
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ message: 'down' }));
  });

  it('is allowed with a warning after 700 ms when the ledger hangs, and the ledger is told to stop', async () => {
    const { ask, clock, addAsker } = build(vi.fn(() => new Promise<void>(() => undefined)));
    const answer = ask(reviewOf());
    await vi.waitFor(() => expect(clock.timers).toBe(1));
    await clock.advance(700);
    expect((await answer).json()).toMatchObject(WARNED);
    expect(addAsker.mock.calls[0]?.[2]?.aborted).toBe(true);
  });
});

describe('anything else', () => {
  const PROTOTYPE = JSON.stringify(reviewOf()).replace('"dryRun":false', '"dryRun":false,"__proto__":{"dryRun":true}');
  it.each([
    ['no review', {}],
    ['a list', [reviewOf()]],
    ['null', 'null'],
    ['no JSON', '{"apiVersion"'],
    ['a prototype', PROTOTYPE],
    ['a review of a CREATE', reviewOf({ operation: 'CREATE' })],
    ['a review of another version', { ...reviewOf(), apiVersion: 'admission.k8s.io/v1beta1' }],
    ['a review without an object', reviewOf({ oldObject: null })],
    ['a review of an object without uid', reviewOf({ oldObject: { metadata: {} } })],
    ['a uid that is none', reviewOf({ oldObject: { metadata: { uid: "'; DROP TABLE askers; --" } } })],
    ['a user without a name', reviewOf({ userInfo: { username: '' } })],
    ['a user whose name has a NUL', reviewOf({ userInfo: { username: 'a\0da' } })],
    ['a user whose name is a list', reviewOf({ userInfo: { username: ['ada'] } })],
    ['a user whose name is too long', reviewOf({ userInfo: { username: 'x'.repeat(1025) } })],
    ['a dry run that is neither true nor false', reviewOf({ dryRun: 'yes' })],
    ['a review without an id', reviewOf({ uid: '' })],
  ])('%s is a bad request and records nobody', async (_name, payload) => {
    const { app, addAsker } = build();
    const response = await app.inject({
      method: 'POST',
      url: '/asked',
      headers: { 'content-type': 'application/json' },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
    expect(response.statusCode).toBe(400);
    expect(addAsker).not.toHaveBeenCalled();
  });

  it('too much is not read', async () => {
    const { ask, addAsker } = build();
    expect((await ask(reviewOf({ padding: 'x'.repeat(4 * 1024 * 1024) }))).statusCode).toBe(413);
    expect(addAsker).not.toHaveBeenCalled();
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded'])('of type %s is not taken for a review', async (type) => {
    const { app, addAsker } = build();
    const payload = JSON.stringify(reviewOf());
    const response = await app.inject({ method: 'POST', url: '/asked', headers: { 'content-type': type }, payload });
    expect([400, 415]).toContain(response.statusCode);
    expect(addAsker).not.toHaveBeenCalled();
  });

  it.each([
    ['GET', '/asked'],
    ['DELETE', '/asked'],
    ['POST', '/'],
    ['POST', '/asked/more'],
    ['GET', '/metrics'],
  ] as const)('%s %s is not served', async (method, url) => {
    const { app } = build();
    expect((await app.inject({ method, url })).statusCode).toBe(404);
  });
});

describe('its connections', () => {
  let webhook: DeletionWebhook | undefined;
  afterEach(() => webhook?.app.close());

  async function listen(): Promise<number> {
    webhook = createDeletionWebhook({
      ledger: { addAsker: async () => undefined },
      clock: createSystemClock(),
      onError: () => undefined,
    });
    await webhook.app.listen({ host: '127.0.0.1', port: 0 });
    return (webhook.app.server.address() as AddressInfo).port;
  }

  function makePair(): Promise<ServingPair> {
    const now = Date.now();
    return makeServingPair({ hosts: ['127.0.0.1'], from: new Date(now - 1000), until: new Date(now + 60_000) });
  }

  function post(port: number, ca: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const headers = { 'content-type': 'application/json' };
    const call = request(
      { host: '127.0.0.1', port, path: '/asked', method: 'POST', ca, headers, agent: false },
      (answer) => {
        answer.setEncoding('utf8');
        let text = '';
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve(text));
      },
    );
    call.on('error', reject);
    call.end(JSON.stringify(reviewOf()));
    return promise;
  }

  it('fail while there is no certificate, and go on with each new one without a restart', async () => {
    const port = await listen();
    const [first, second] = [await makePair(), await makePair()];
    await expect(post(port, first.certificate)).rejects.toThrow();
    webhook?.use(first);
    expect(JSON.parse(await post(port, first.certificate))).toEqual(RECORDED);
    webhook?.use(second);
    expect(JSON.parse(await post(port, second.certificate))).toEqual(RECORDED);
    await expect(post(port, first.certificate)).rejects.toThrow('self-signed certificate');
  });

  it('are cut off when a request does not come to its end', async () => {
    const port = await listen();
    const pair = await makePair();
    webhook?.use(pair);
    const socket = connect({ host: '127.0.0.1', port, ca: pair.certificate });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.resume();
    socket.write('POST /asked HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{');
    const startedMs = performance.now();
    await closed;
    expect(performance.now() - startedMs).toBeLessThan(4_500);
  });

  it.each([
    ['TLSv1.1', false],
    ['TLSv1.2', true],
    ['TLSv1.3', true],
  ] as const)('with %s are taken: %s', async (version, isTaken) => {
    const port = await listen();
    const pair = await makePair();
    webhook?.use(pair);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket: TLSSocket = connect(
      {
        host: '127.0.0.1',
        port,
        ca: pair.certificate,
        minVersion: version,
        maxVersion: version,
        ciphers: 'ALL:@SECLEVEL=0',
      },
      () => resolve(true),
    );
    socket.on('error', () => resolve(false));
    expect(await promise).toBe(isTaken);
    socket.destroy();
  });
});
