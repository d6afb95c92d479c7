import { age } from '../age.ts';
import { paint, type Style } from '../style.ts';
import { alignRows, counted, cut, printable } from '../text.ts';
import type { AssetReport, CardLink } from './asset-report.ts';

export interface RenderOptions {
  readonly style: Style;
  readonly now: Date;
  /** Nothing is cut, and digests are whole. */
  readonly isWide: boolean;
}

const DIGEST_CHARACTERS = 12;

/** The chain from the template to the agent's card, what is to be said about it, and what runs did to single paths. */
export function renderAssets(report: AssetReport, options: RenderOptions): readonly string[] {
  const { style, isWide } = options;
  const { kind, namespace, name } = report.object;
  const fit = (line: string): string => (isWide ? line : cut(line, style));
  return [
    `${kind} ${namespace}/${name}: ${verdict(report, style)}`,
    '',
    ...alignRows([['LINK', 'NAME', 'REVISION', 'DIGEST', 'WHAT'], ...chainRows(report, options)]).map(fit),
    ...remarks(report),
    '',
    ...pathSection(report, options).map(fit),
    ...keptHint(report),
  ];
}

/** Whole at any width, because they have reasons and commands. */
function remarks({ unproven, notes }: AssetReport): readonly string[] {
  const lines = [...unproven.map(({ link, reason }) => `Not proven: ${link}: ${reason}`), ...notes];
  return lines.length === 0 ? [] : ['', ...lines.map(printable)];
}

function verdict({ isCurrent }: AssetReport, style: Style): string {
  if (isCurrent === null)
    return paint('whether the volume holds what the template publishes is not known', 'grey', style);
  if (isCurrent) return paint('at its last start the volume held what the template publishes', 'green', style);
  return paint('at its last start the volume held something else than the template publishes', 'yellow', style);
}

function chainRows(report: AssetReport, { now, isWide }: RenderOptions): readonly (readonly string[])[] {
  const { template, volume, pod, card } = report;
  const short = (digest: string | null): string => (digest === null ? '-' : isWide ? digest : shorten(digest));
  const ago = (time: string): string => `${age(time, now)} ago`;
  const published = template?.publishedAt ?? null;
  const reportedAt = volume?.reportedAt ?? null;
  const byThisPod = volume?.reportedBy !== null && volume?.reportedBy === pod?.uid;
  return [
    template === null
      ? ['Template', '-', '-', '-', 'none']
      : [
          'Template',
          template.name,
          shortRevision(template.revision, isWide),
          short(template.digest),
          [files(template.files), published === null ? '' : `published ${ago(published)}`].filter(Boolean).join(', ') ||
            'nothing is published',
        ],
    volume === null
      ? ['Volume', '-', '-', '-', 'nothing is known of it yet']
      : [
          'Volume',
          volume.name ?? '-',
          shortRevision(volume.revision, isWide),
          short(volume.digest),
          [
            files(volume.files),
            reportedAt === null
              ? 'no run has reported'
              : `proven ${ago(reportedAt)} by ${byThisPod ? 'this' : 'an earlier'} Pod`,
          ]
            .filter(Boolean)
            .join(', '),
        ],
    pod === null
      ? ['Pod', '-', '-', '-', 'see below']
      : [
          'Pod',
          pod.name,
          '-',
          short(pod.wantedDigest),
          `told to use this digest; ${pod.isReady ? 'ready' : 'not ready'}`,
        ],
    ['Card', printable(card.name ?? '-'), '-', '-', printable(cardText(card))],
  ];
}

function cardText({ version, skills }: CardLink): string {
  if (skills === null) return 'not known, see below';
  const names = skills.length === 0 ? 'no skills' : `${counted(skills.length, 'skill')}: ${skills.join(', ')}`;
  return version === null ? names : `version ${version}, ${names}`;
}

function files(count: number | null): string {
  return count === null ? '' : counted(count, 'file');
}

function shortRevision(revision: string | null, isWide: boolean): string {
  return revision === null ? '-' : isWide ? revision : revision.slice(0, DIGEST_CHARACTERS);
}

function shorten(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, DIGEST_CHARACTERS);
}

/** What the last run changed, and what earlier ones moved aside. */
function pathSection({ changes, changed, kept }: AssetReport, { now }: RenderOptions): readonly string[] {
  const movedNow = new Set(changes.flatMap(({ path, keptAt }) => (keptAt === null ? [] : [path])));
  const rows = [
    ...changes,
    ...kept.filter(({ path }) => !movedNow.has(path)).map((earlier) => ({ ...earlier, action: 'kept aside' })),
  ].map(({ path, wanted, found, action, time, keptAt }) =>
    [path, wanted ?? '-', found ?? '-', action, age(time, now), keptAt ?? '-'].map(printable),
  );
  if (rows.length === 0) return ['Paths: the last run changed nothing, and nothing was moved aside'];
  const more = changed - changes.length;
  return [
    ...alignRows([['PATH', 'WANTED', 'FOUND', 'ACTION', 'AGE', 'KEPT AT'], ...rows]),
    ...(more > 0 ? [`The last run changed ${more} more, which status does not list`] : []),
  ];
}

/** Whose it is: what the template wrote itself is never moved aside. */
function keptHint({ kept }: AssetReport): readonly string[] {
  if (kept.length === 0) return [];
  return [
    '',
    "Kept, below /configs, is what somebody had put in the place of the template's files: --diff shows it, --restore PATH puts it back",
  ];
}
