import { hasCode } from './anchored.ts';

/** What a volume or disk does, and what to do about it, by the code that the kernel gives. */
const ADVICE: readonly (readonly [codes: readonly string[], advice: string])[] = [
  [['ENOSPC'], 'it is full; make room on it or give it a larger size'],
  [['EDQUOT'], 'its quota is used up; make room on it or raise the quota'],
  [['EROFS'], 'it is read-only; have it mounted with the right to write'],
  [['EIO', 'EUCLEAN'], 'its disk does not read or write any more; see to the storage'],
  [
    ['EACCES', 'EPERM'],
    'something on it belongs to another user and is closed to us; give it to the user of the agent',
  ],
];

/**
 * One stable line: no descriptors, whose numbers mean nothing to a reader, and none of the random names under which files
 * wait for their place.
 */
export function explainFileError(error: Error): string {
  const message = error.message.replace(/\/proc\/self\/fd\/\d+\/?/g, '').replace(/-[0-9a-f]{16}\b/g, '');
  const known = ADVICE.find(([codes]) => hasCode(error, ...codes));
  return known === undefined ? message : `${known[1]} (${message})`;
}
