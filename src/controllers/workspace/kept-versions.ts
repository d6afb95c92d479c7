import type { WorkspaceStatus } from '../../apis/v1alpha1/types.generated.ts';
import type { MaterializeReport } from '../../assets/report.ts';
import { rfc3339 } from '../../conditions/summarise.ts';

export type KeptVersions = NonNullable<NonNullable<WorkspaceStatus['assets']>['kept']>;

/** Of what was received, the part that tells of them. */
interface Received {
  readonly report: Pick<MaterializeReport, 'changes'>;
  readonly receivedAt: Date;
  readonly keptEarlier?: KeptVersions;
}

const MAX_LISTED = 50;

/** What a run moved aside, and those before it that nobody was told of; the newest first. */
export function keptBy({ report, receivedAt, keptEarlier = [] }: Received): KeptVersions {
  const time = rfc3339(receivedAt);
  const kept = report.changes.flatMap(({ path, keptAt, wanted, found }) =>
    keptAt === undefined ? [] : [{ path, keptAt, time, wanted, found }],
  );
  return latestByPath([...kept, ...keptEarlier]);
}

/**
 * What was moved aside, for as long as nothing else is moved aside from the same path: a run that found all well says nothing of it,
 * and it lies there still.
 */
export function keptVersions(before: KeptVersions, received: Received | undefined): KeptVersions {
  if (received === undefined) return before;
  return latestByPath([...keptBy(received), ...before]).slice(0, MAX_LISTED);
}

/** Of several about one path the first, because the newest comes first. */
export function latestByPath<T extends { readonly path: string }>(all: readonly T[]): readonly T[] {
  const byPath = new Map<string, T>();
  for (const entry of all) if (!byPath.has(entry.path)) byPath.set(entry.path, entry);
  return [...byPath.values()];
}
