import { alignRows } from '../../src/cli/text.ts';
import type { Result } from './attempt.ts';

/** The table of what was tried, and what remains possible. */
export function renderResults(results: readonly Result[]): readonly string[] {
  const byDesign = results.filter(({ expected }) => expected === 'possible');
  const tried = results.filter(({ expected }) => expected !== 'possible');
  const failed = results.filter(({ isAsExpected }) => !isAsExpected);
  const head = ['ROUTE', 'IDENTITY', 'EXPECTED', 'GOT', 'ATTEMPT'];
  const rowOf = ({ route, identity, expected, got, attempt }: Result): readonly string[] => [
    route,
    identity,
    expected,
    got,
    attempt,
  ];
  return [
    ...alignRows([head, ...tried.map(rowOf)]),
    '',
    ...(byDesign.length === 0
      ? []
      : [
          'Possible by design (docs/threat-model.md):',
          ...alignRows(byDesign.map(({ identity, got, attempt }) => [`  ${identity}`, got, attempt])),
          '',
        ]),
    ...failed.map(({ attempt, identity, expected, got, answer }) =>
      [`NOT as expected: ${attempt} (${identity}): expected ${expected}, got ${got}`, answer].join('\n  ').trimEnd(),
    ),
    summarise(results),
  ];
}

function summarise(results: readonly Result[]): string {
  const failed = results.filter(({ isAsExpected }) => !isAsExpected).length;
  const identities = new Set(results.map(({ identity }) => identity)).size;
  const counts = Map.groupBy(results, ({ got }) => (got.startsWith('refused') ? 'refused' : got));
  const parts = [...counts].map(([got, all]) => `${all.length} ${got}`).toSorted();
  return `${results.length} attempts as ${identities} identities: ${parts.join(', ')}; ${failed} not as expected`;
}
