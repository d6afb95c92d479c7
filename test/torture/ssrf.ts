import { hostOf } from '../../src/assets/fetch/allowed-hosts.ts';
import { FetchError } from '../../src/assets/fetch/forge.ts';
import { createForgeClient } from '../../src/assets/fetch/forge-client.ts';
import { ForgeCredential } from '../../src/assets/fetch/forge-credential.ts';
import { coerceError } from '../../src/platform/errors.ts';
import { LOOPBACK } from '../unit/assets/loopback.ts';
import { randomOf } from './random.ts';
import { ATTACKS, type Attack, drawAttack } from './ssrf/attacks.ts';
import { FORGE, listedOnly, openScene, type Scene, SECOND, scriptedLookup } from './ssrf/scene.ts';
import type { Suite } from './suite.ts';

const CANARY = 'canary-9d2f7a41';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
/** Nothing here waits for anything but this machine: what is not refused at once was not refused. */
const TIMEOUT_MS = 5_000;
const PROGRESS = 50;

/**
 * Addresses, names and redirects that lead to where the fetcher may not go, first those of a table and then drawn ones. The
 * sink must see no connection, no forge but the one that the token is for may see the token, and no message may hold it.
 */
export const ssrf: Suite = {
  name: 'ssrf',
  run: async ({ seed, runs, signal, onProgress }) => {
    await using scene = await openScene(CANARY);
    await proveThatTheSinkSees(scene, signal);
    const failures: string[] = [];
    const counts: Record<string, number> = {};
    for (let index = 0; index < runs; index++) {
      signal.throwIfAborted();
      const attack = ATTACKS[index] ?? drawAttack(randomOf(seed, index));
      const { outcome, faults } = await tryAttack(attack, scene, signal);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      if (faults.length > 0) failures.push(`seed ${seed}, index ${index}: ${attack.what}: ${faults.join('; ')}`);
      if ((index + 1) % PROGRESS === 0) onProgress?.(index + 1);
    }
    return { passed: runs - failures.length, failures, counts };
  },
};

interface Verdict {
  readonly outcome: string;
  readonly faults: readonly string[];
}

async function tryAttack(attack: Attack, scene: Scene, signal: AbortSignal): Promise<Verdict> {
  const atPort = (text: string): string => text.replaceAll('PORT', String(scene.port));
  const baseURL = atPort(attack.baseURL);
  scene.knocks = 0;
  scene.seen.length = 0;
  scene.locations.splice(0, Number.POSITIVE_INFINITY, ...(attack.locations ?? []).map(atPort));
  const forge = createForgeClient({
    addresses: listedOnly(),
    lookup: scriptedLookup(attack.names ?? {}),
    timeoutMs: TIMEOUT_MS,
  });
  // For every host there is, so that nothing but addresses and origins stands between the token and the sink.
  const hosts = [baseURL, `http://${FORGE}:${scene.port}`, `http://${SECOND}:${scene.port}`].flatMap((address) => {
    const url = URL.parse(address);
    return url === null ? [] : [hostOf(url)];
  });
  const credential = new ForgeCredential(CANARY, new Set(hosts));
  const source = { forge: 'gitea', baseURL, owner: 'o', repo: 'r', ref: 'main' } as const;
  const result = await read(await forge.download(source, COMMIT, { credential, signal }).catch(coerceError));
  const outcome = result instanceof FetchError ? result.code : result instanceof Error ? result.message : result;
  const text = result instanceof Error ? result.message.replaceAll(baseURL, '') : '';
  const moved = scene.seen.findIndex(({ by }) => by !== scene.seen[0]?.by);
  const told = attack.locations?.some((location) => text.includes(atPort(location))) ?? false;
  return {
    outcome,
    faults: [
      ...(outcome === attack.expected ? [] : [`expected ${attack.expected}, got ${outcome}`]),
      ...(scene.knocks === 0 ? [] : [`the sink saw ${scene.knocks} connections`]),
      ...(moved >= 0 && scene.seen.slice(moved).some(({ hasToken }) => hasToken) ? ['the token left its origin'] : []),
      ...(text.includes(CANARY) || told ? [`the message tells too much: ${text}`] : []),
    ],
  };
}

async function read(answer: AsyncIterable<Uint8Array> | Error): Promise<Error | 'delivered'> {
  if (answer instanceof Error) return answer;
  try {
    for await (const _part of answer);
    return 'delivered';
  } catch (error) {
    return coerceError(error);
  }
}

/** Else a sink that is deaf would pass for a fetcher that is silent. */
async function proveThatTheSinkSees(scene: Scene, signal: AbortSignal): Promise<void> {
  const careless = createForgeClient({ addresses: LOOPBACK, timeoutMs: TIMEOUT_MS });
  const source = { forge: 'gitea', baseURL: `http://127.1:${scene.port}`, owner: 'o', repo: 'r', ref: 'main' } as const;
  await careless.resolve(source, { signal }).catch(() => undefined);
  if (scene.knocks === 0) throw new Error('Cannot tell whether the sink is knocked at: it does not see what is sent');
}
