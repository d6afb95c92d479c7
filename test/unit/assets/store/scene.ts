import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { ForgeRequest } from '../../../../src/assets/store/asset-request.ts';
import { IN_MEMORY } from '../../../support/in-memory.ts';
import type { TestServer } from '../http-server.ts';

/** What the store of each test stands on. */
export interface Ground {
  /** Its directory, new for each test. */
  readonly root: string;
  /** Moved by the test alone. */
  nowMs: number;
}

/** To be called at the top of a test file, once. */
export function useGround(): Ground {
  const ground = { root: '', nowMs: 0 };
  beforeEach(async () => {
    ground.root = await mkdtemp(join(IN_MEMORY, 'store-'));
    ground.nowMs = Date.now();
  });
  afterEach(() => rm(ground.root, { recursive: true, force: true }));
  return ground;
}

/** The prompts of the one repository that the server has, at a commit of this digit alone. */
export function requestOf({ url }: TestServer, digit: string): ForgeRequest {
  const source = { forge: 'gitea', baseURL: url, owner: 'molecule', repo: 'tpl', ref: 'main' } as const;
  return { source, commit: digit.repeat(40), include: ['prompts/**'] };
}
