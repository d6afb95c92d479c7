import type { Found } from '../read-object.ts';
import { type Ours, type Standing, standingOf } from '../standing.ts';
import type { Link, LinkKind } from './object-status.ts';

/** A link before it is known which one is to blame. */
export type PlainLink = Omit<Link, 'isCulprit'>;

export interface LinkName {
  readonly link: LinkKind;
  readonly name: string | null;
}

/** The link of an object that may be missing or unreadable; `describe` tells how it stands when it was found. */
export function linkTo<T>(
  { link, name }: LinkName,
  options: { readonly found: Found<T>; readonly describe: (value: T) => Standing; readonly whenMissing: Standing },
): PlainLink {
  const { found, describe, whenMissing } = options;
  switch (found.kind) {
    case 'found':
      return { link, name, ...describe(found.value) };
    case 'missing':
      return { link, name, ...whenMissing };
    case 'unreadable':
      return { link, name, state: 'Unknown', reason: 'Forbidden', message: `Cannot be read: ${found.message}` };
    default:
      return found satisfies never;
  }
}

export function linkToOurs(name: LinkName, found: Found<Ours>): PlainLink {
  const whenMissing: Standing = { state: 'Missing', reason: null, message: 'Does not exist' };
  return linkTo(name, { found, describe: standingOf, whenMissing });
}

/** How the object stands that was asked about: only what is about itself, because its Ready repeats what is wrong with the others. */
export function ownStanding(object: Ours): Standing {
  const standing = standingOf(object);
  return ['Deleting', 'Suspended', 'Unknown'].includes(standing.state)
    ? standing
    : { ...FINE, message: 'Nothing is wrong with the object itself' };
}

export const FINE: Standing = { state: 'Ready', reason: null, message: null };
