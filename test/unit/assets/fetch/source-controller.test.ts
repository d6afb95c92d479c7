import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFluxState } from '../../../../src/assets/fetch/flux-artifact.ts';
import { createFluxClient } from '../../../../src/assets/fetch/flux-client.ts';
import { createAssetStore } from '../../../../src/assets/store/asset-store.ts';
import { sha256Hex } from '../../../../src/platform/digest.ts';
import { bundleOf, type Files } from '../../materialize/fixture.ts';
import { createClients } from '../clients.ts';
import { fluxArchive, fluxTar } from '../flux-archive.ts';
import { serve, type TestServer } from '../http-server.ts';
import { LOOPBACK } from '../loopback.ts';
import { conditionOf, type Stored, storedStatus } from '../source-controller.ts';

/**
 * What docs/assets.md says that the operator relies on, held against what source-controller v1 writes and sends, as it is
 * read in its sources: api/v1, pkg/apis/meta, pkg/artifact.
 */
const COMMIT = '363a6a8fe6a7f13e05d34c163b0ef02a777da20a';
const OTHER = 'c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2';
const HOST = 'source-controller.flux-system.svc.cluster.local.';
const FILES: Files = {
  'README.md': 'x\n',
  'config.yaml': 'name: one\n',
  'agent-skills/git/SKILL.md': '# Git\n',
  'agent-skills/git/scripts/log.sh': { body: '#!/bin/sh\ngit log\n', mode: 0o755 },
  'prompts/begrüßung.md': 'Hallo\n',
  [`prompts/${'long-'.repeat(20)}/a.md`]: 'long\n',
};
const ARCHIVE = fluxArchive(FILES);
const GIT: Stored = {
  kind: 'GitRepository',
  namespace: 'acme',
  name: 'templates',
  server: `http://${HOST}`,
  digest: ARCHIVE.digest,
  revision: `main@sha1:${COMMIT}`,
  sizeBytes: ARCHIVE.bytes.length,
};

describe('the status that source-controller writes', () => {
  it.each<[Partial<Stored>, string]>([
    [{}, COMMIT],
    [{ revision: `refs/tags/v1.2.0@sha1:${COMMIT}` }, COMMIT],
    [{ revision: `sha1:${COMMIT}` }, COMMIT],
    [{ kind: 'OCIRepository', revision: `6.1.8@sha256:${OTHER}` }, OTHER],
    [{ kind: 'Bucket', revision: `sha256:${OTHER}` }, OTHER],
    [{ kind: 'ExternalArtifact', revision: `v1.0.0@sha256:${OTHER}` }, OTHER],
  ])('of an object that is stored names an artifact that is taken: %o', (change, revision) => {
    const stored = { ...GIT, ...change };
    expect(readFluxState({ status: storedStatus(stored) }, 'acme')).toEqual({
      kind: 'stored',
      artifact: {
        namespace: 'acme',
        url: expect.stringMatching(`^http://${HOST}/${stored.kind.toLowerCase()}/acme/templates/[0-9a-f]+.tar.gz$`),
        sha256: ARCHIVE.digest.slice('sha256:'.length),
        revision,
      },
    });
    expect(readFluxState({ status: storedStatus(stored) }, 'globex')).toMatchObject({ kind: 'invalid' });
  });

  it.each([
    ['a new object', { observedGeneration: -1 }, undefined],
    [
      'one that is cloned for the first time',
      {
        observedGeneration: 1,
        conditions: [
          conditionOf('Reconciling', 'True', 'Progressing', 'building artifact'),
          conditionOf('Ready', 'Unknown', 'Progressing', 'building artifact'),
        ],
      },
      'Progressing',
    ],
    [
      'one whose repository is away, with the artifact of before',
      {
        ...storedStatus(GIT),
        conditions: [
          conditionOf('Reconciling', 'True', 'ProgressingWithRetry', 'reconciliation in progress'),
          conditionOf('Ready', 'False', 'GitOperationFailed', 'failed to checkout'),
          conditionOf('FetchFailed', 'True', 'GitOperationFailed', 'failed to checkout'),
        ],
      },
      'GitOperationFailed',
    ],
    [
      'one whose commit nobody signed, with the artifact of before',
      {
        ...storedStatus(GIT),
        conditions: [
          conditionOf('Ready', 'False', 'InvalidCommitSignature', 'signature verification failed'),
          conditionOf('SourceVerified', 'False', 'InvalidCommitSignature', 'signature verification failed'),
        ],
      },
      'InvalidCommitSignature',
    ],
  ])('of %s names none that is taken', (_what, status, reason) => {
    expect(readFluxState({ status }, 'acme')).toEqual({
      kind: 'notReady',
      ...(reason === undefined ? {} : { reason }),
    });
  });
});

describe('the archive that source-controller writes', () => {
  let root: string;
  let server: TestServer;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'source-controller-'));
    server = await serve(({ url = '' }, response) => sendFile(response, url));
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  /** As Go's file server does: no ETag, no encoding, no question who asks. */
  function sendFile(response: ServerResponse, url: string): void {
    if (!url.endsWith(`/${COMMIT}.tar.gz`)) return void response.writeHead(404).end('404 page not found\n');
    const headers = { 'accept-ranges': 'bytes', 'last-modified': 'Sat, 21 Nov 2026 09:30:00 GMT' };
    const { length } = ARCHIVE.bytes;
    response.writeHead(200, { ...headers, 'content-type': 'application/gzip', 'content-length': length });
    response.end(ARCHIVE.bytes);
  }

  it('is the one that Go packs, to the byte, but for the compression', () => {
    // Of archive/tar (Go 1.26), told to do with FILES what Storage.Archive does.
    expect(sha256Hex(fluxTar(FILES))).toBe('1b713d8936ed9c5b328c58bcd36cc9850a821b6273a7026c9343cc680d318cb2');
  });

  it('becomes the tree of these files, fetched by the name with a dot at its end', async () => {
    const asked: string[] = [];
    const lookup: LookupFunction = (host, _options, done) => {
      asked.push(host);
      done(null, [{ address: '127.0.0.1', family: 4 }]);
    };
    const flux = createFluxClient({ addresses: LOOPBACK, lookup });
    const store = await createAssetStore({ root, maxBytes: 2 ** 30, forge: createClients().forge, flux });
    const status = storedStatus({ ...GIT, server: `http://${HOST}:${new URL(server.url).port}` });
    const state = readFluxState({ status }, 'acme');
    if (state.kind !== 'stored') throw new Error('It is stored');
    const include = ['README.md', 'config.yaml', 'agent-skills/**', 'prompts/**'];
    const { signal } = new AbortController();
    const { digest, ignored } = await store.ensure({ artifact: state.artifact, include }, signal);
    expect({ digest, ignored, asked }).toEqual({ digest: bundleOf(FILES).digest, ignored: 0, asked: [HOST] });
  });
});
