import type { Ledger } from '../../ledger/port.ts';
import { type Restorable, restorable } from './restorable.ts';

/** What the ledger keeps of one object, and under which subject a later version of it is kept. */
export interface Kept {
  readonly newest: Restorable | undefined;
  readonly nextSubject: string;
}

/**
 * The ledger never exchanges what it keeps, so that each further version of an object has a subject of its own: the uid, then the
 * uid with 2, 3 and so on. There is hardly ever more than the first.
 */
export async function readKept(ledger: Pick<Ledger, 'readSnapshot'>, uid: string, signal: AbortSignal): Promise<Kept> {
  let newest: Restorable | undefined;
  for (let version = 1; ; version += 1) {
    const nextSubject = version === 1 ? uid : `${uid}/${version}`;
    const object = await ledger.readSnapshot(nextSubject, signal);
    if (object === undefined) return { newest, nextSubject };
    newest = restorable(object);
  }
}
