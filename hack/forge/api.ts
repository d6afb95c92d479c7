import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ForgeAccess } from './start.ts';

const tokenSchema = z.object({ sha1: z.string() });
const knownTokensSchema = z.array(z.object({ id: z.number(), token_last_eight: z.string() }));

/** Creates a private, empty repository of the forge's user, unless it is there. */
export async function ensureRepository(access: ForgeAccess, name: string, signal?: AbortSignal): Promise<void> {
  const known = await call(access, { method: 'GET', path: `/repos/${access.user}/${name}`, signal });
  if (known.status === 200) return;
  const body = { name, private: true, auto_init: false, default_branch: 'main' };
  const created = await call(access, { method: 'POST', path: '/user/repos', body, signal });
  if (created.status !== 201)
    throw new Error(`Cannot create the repository ${name}: ${created.status} ${created.text}`);
}

/** A new token that may read repositories and nothing else. */
export async function createReadToken(access: ForgeAccess, signal?: AbortSignal): Promise<string> {
  const body = { name: `read-${randomBytes(6).toString('hex')}`, scopes: ['read:repository'] };
  const created = await call(access, { method: 'POST', path: `/users/${access.user}/tokens`, body, signal });
  if (created.status !== 201) throw new Error(`Cannot create a token: ${created.status} ${created.text}`);
  return tokenSchema.parse(JSON.parse(created.text)).sha1;
}

/** From now on the forge refuses this token. */
export async function revokeToken(access: ForgeAccess, token: string, signal?: AbortSignal): Promise<void> {
  const path = `/users/${access.user}/tokens`;
  const listed = await call(access, { method: 'GET', path, signal });
  const known = knownTokensSchema
    .parse(JSON.parse(listed.text))
    .find(({ token_last_eight: end }) => token.endsWith(end));
  if (known === undefined) throw new Error('Cannot revoke the token: the forge does not know it');
  const deleted = await call(access, { method: 'DELETE', path: `${path}/${known.id}`, signal });
  if (deleted.status !== 204) throw new Error(`Cannot revoke the token: ${deleted.status} ${deleted.text}`);
}

/** The value of an Authorization header that may do everything. */
export function basicAuthorization(access: ForgeAccess): string {
  return `Basic ${Buffer.from(`${access.user}:${access.password}`).toString('base64')}`;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly signal?: AbortSignal | undefined;
}

async function call(access: ForgeAccess, request: Call): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${access.url}/api/v1${request.path}`, {
    method: request.method,
    headers: { authorization: basicAuthorization(access), 'content-type': 'application/json' },
    ...(request.body && { body: JSON.stringify(request.body) }),
    ...(request.signal && { signal: request.signal }),
  });
  return { status: response.status, text: await response.text() };
}
