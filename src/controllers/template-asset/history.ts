import type { TemplateAssetStatus } from '../../apis/v1alpha1/types.generated.ts';
import { rfc3339 } from '../../conditions/summarise.ts';

type History = NonNullable<TemplateAssetStatus['history']>;
type Published = Pick<NonNullable<TemplateAssetStatus['artifact']>, 'revision' | 'digest'>;

const MAX_ENTRIES = 10;

/**
 * The revisions that agents got, the newest first. One that comes back, as by a rollback, moves to the front and is told of once, so
 * that going back and forth between two pushes no other out. The same commit with other files, of another include, is another entry.
 */
export function publicationHistory(
  before: History | undefined,
  published: Published | undefined,
  now: Date,
): Pick<TemplateAssetStatus, 'history'> {
  const history = before ?? [];
  const isTold = published === undefined || isSame(published, history[0]);
  const told = isTold
    ? history
    : [
        { revision: published.revision, digest: published.digest, publishedAt: rfc3339(now) },
        ...history.filter((entry) => !isSame(published, entry)),
      ].slice(0, MAX_ENTRIES);
  return told.length === 0 ? {} : { history: told };
}

function isSame(published: Published, entry: History[number] | undefined): boolean {
  return entry?.revision === published.revision && entry.digest === published.digest;
}
