import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/lib/wait.ts';
import type { ThrowawayDatabase } from '../../../hack/postgres/database.ts';
import { IdentityRegistry } from '../../../src/ledger/identity-registry.ts';
import type { Claim, Ledger } from '../../../src/ledger/port.ts';
import { createSystemClock } from '../../../src/platform/clock.ts';
import { createLogger } from '../../../src/platform/log.ts';
import { createDatabase } from '../../support/postgres.ts';
import { openTestLedger } from './open.ts';
import { sql } from './sql.ts';

const ROWS = 'SELECT id, kind, holder_uid, holder FROM molecule.identities ORDER BY id';
const ID = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';
const log = createLogger({ name: 'test', level: 'silent' });
const { signal } = new AbortController();
let database: ThrowawayDatabase;
let ledger: Ledger;

beforeEach(async () => {
  database = await createDatabase();
  ledger = openTestLedger(database.url);
});
afterEach(async () => {
  await ledger.close();
  await database.drop();
});

const claim = (holderUID: string, changes: Partial<Claim> = {}): Claim => ({
  kind: 'claim',
  id: ID,
  holderUID,
  holderKind: 'Workspace',
  holder: `acme/${holderUID}`,
  ...changes,
});

describe('identities in the ledger', () => {
  it('go to who claims them first, migrating an empty database before, and are kept for people to read', async () => {
    expect(await ledger.claim([claim('writer')], signal)).toEqual(new Map([[ID, 'writer']]));
    expect(await ledger.claim([claim('rival')], signal)).toEqual(new Map([[ID, 'writer']]));
    expect(await sql(database.url, ROWS)).toEqual([
      { id: ID, kind: 'Workspace', holder_uid: 'writer', holder: 'acme/writer' },
    ]);
    expect(await ledger.holders(signal)).toEqual(new Map([[ID, 'writer']]));
  });

  it('go to one of many who claim them at once, and all of them hear to whom', async () => {
    const rivals = Array.from({ length: 20 }, (_, index) => `rival-${index}`);
    const answers = await Promise.all(rivals.map((rival) => ledger.claim([claim(rival)], signal)));
    const [row] = await sql(database.url, ROWS);
    expect(rivals).toContain(row?.holder_uid);
    expect(answers.map((holders) => holders.get(ID))).toEqual(rivals.map(() => row?.holder_uid));
  });

  it('are claimed many at a time, in any order, without two processes waiting for each other', async () => {
    const batch = (holderUID: string): Claim[] =>
      Array.from({ length: 200 }, (_, index) => claim(holderUID, { id: `id-${index}` }));
    const answers = await Promise.all([
      ledger.claim(batch('one'), signal),
      ledger.claim(batch('two').toReversed(), signal),
    ]);
    expect(await sql(database.url, 'SELECT count(*)::int AS ids FROM molecule.identities')).toEqual([{ ids: 200 }]);
    expect(answers[0]).toEqual(answers[1]);
  });

  it('are taken over from a holder that is gone by one of many heirs, and from nobody else', async () => {
    await ledger.claim([claim('dead')], signal);
    const heirs = ['one', 'two', 'three'];
    const answers = await Promise.all(
      heirs.map((heir) => ledger.claim([claim(heir, { deadHolderUID: 'dead' })], signal)),
    );
    const [row] = await sql(database.url, ROWS);
    expect(heirs).toContain(row?.holder_uid);
    expect(answers.map((holders) => holders.get(ID))).toEqual(heirs.map(() => row?.holder_uid));
    const late = await ledger.claim([claim('late', { deadHolderUID: 'dead' })], signal);
    expect(late.get(ID)).toBe(row?.holder_uid);
  });

  it('are free once their holder gives them back, and nobody else can', async () => {
    await ledger.claim([claim('writer')], signal);
    await ledger.release([{ kind: 'release', id: ID, holderUID: 'rival' }], signal);
    expect(await ledger.holders(signal)).toEqual(new Map([[ID, 'writer']]));
    await ledger.release([{ kind: 'release', id: ID, holderUID: 'writer' }], signal);
    expect(await ledger.holders(signal)).toEqual(new Map());
    expect((await ledger.claim([claim('rival')], signal)).get(ID)).toBe('rival');
  });

  it('take text as text, whatever is in it', async () => {
    const holder = `acme/'; DROP TABLE molecule.identities; --"\\`;
    await ledger.claim([claim('writer', { holder })], signal);
    expect(await sql(database.url, ROWS)).toMatchObject([{ holder }]);
  });
});

describe('the registry on a real ledger', () => {
  it('knows after a restart what was claimed before it', async () => {
    const stop = new AbortController();
    const registryOf = (): { readonly registry: IdentityRegistry; readonly running: Promise<void> } => {
      const clock = createSystemClock();
      const registry = new IdentityRegistry({ ledger, clock, random: Math.random, log, onLost: () => undefined });
      return { registry, running: registry.run(stop.signal) };
    };
    const first = registryOf();
    first.registry.submit(claim('writer'));
    await waitFor(async () => first.registry.holderOf(ID) === 'writer', { what: 'the claim', timeoutMs: 10_000 });
    const second = registryOf();
    await waitFor(async () => second.registry.holderOf(ID) === 'writer', { what: 'the holders', timeoutMs: 10_000 });
    stop.abort();
    await Promise.all([first.running, second.running]);
  });
});
