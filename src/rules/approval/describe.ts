import { PLATFORM_AGENT_NAME } from '../../apis/v1alpha1/names.ts';
import { TEMPLATE_ASSETS, WORKSPACES } from '../../apis/v1alpha1/resources.ts';
import { parseDurationMs } from '../duration.ts';
import type { ApprovalAction, ApprovalRecord, Loss } from './record.ts';

const ACTIONS: Readonly<Record<ApprovalAction, string>> = {
  delete_workspace: 'Delete',
  delete_org: 'Delete',
  delete_template_asset: 'Delete',
  deprovision_workspace: 'Deprovision',
  secret_write: 'Write',
  org_token_mint: 'Mint a token for',
};

const RECLAIM: Readonly<Record<NonNullable<Loss['reclaimPolicy']>, string>> = {
  Delete: 'Delete: the storage erases the data once the claim is gone',
  Retain: 'Retain: the storage keeps the data after the claim is gone, until somebody erases it by hand',
  Recycle: 'Recycle: the storage wipes the data once the claim is gone, and hands the volume to others',
};

const DURATION_UNITS = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const;

/**
 * What an approver reads, made from the record and from nothing else. It holds every field of it, so that two records that
 * differ read differently, and nothing in it can look like what it is not.
 */
export function describeRecord(record: ApprovalRecord): string {
  return paragraphs([targetLines(record), ...effectParagraphs(record), askerLines(record), requestLines(record)]);
}

/** What a deletion does, as far as it can be known before anybody asked for it. */
export type Effects = Pick<ApprovalRecord, 'kind' | 'name' | 'losses' | 'affected' | 'retention'>;

/** The part of it that says what goes, what becomes of the data, and who stays without what it had. */
export function describeEffects(effects: Effects): string {
  return paragraphs(effectParagraphs(effects));
}

/**
 * Only printable ASCII is shown as it is. Everything else, the quote that would end a name and the backslash that begins an
 * escape are shown as `\u{…}`: look-alikes of other scripts, marks that turn the direction of the text, what has no width.
 */
export function escapeConfusables(text: string): string {
  return text.replace(/[^ !#-[\]-~]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

function targetLines(record: ApprovalRecord): readonly string[] {
  const { action, kind, name, namespace, uid, group, clusterUID, specDigest } = record;
  return [
    `${ACTIONS[action]} ${quote(kind)} ${quote(name)} in namespace ${quote(namespace)}.`,
    '',
    `Action:  ${quote(action)}`,
    `Object:  uid ${quote(uid)} of group ${quote(group)}, in the cluster ${quote(clusterUID)}`,
    `Spec:    ${quote(specDigest)}`,
  ];
}

function effectParagraphs(effects: Effects): readonly (readonly string[])[] {
  const comesBack =
    'It is the platform agent: while its Org lives it is made again at once, on an EMPTY volume. What it knows now is not on it.';
  return [...(isPlatformAgent(effects) ? [[comesBack]] : []), lossLines(effects), affectedLines(effects)];
}

function isPlatformAgent({ kind, name }: Pick<Effects, 'kind' | 'name'>): boolean {
  return kind === WORKSPACES.kind && name === PLATFORM_AGENT_NAME;
}

function lossLines({ losses, retention }: Effects): readonly string[] {
  if (losses.length === 0) return [`No Workspace and no volume is lost (retention ${quote(retention)}).`];
  return [
    `${counted(losses.length, 'Workspace')} ${losses.length === 1 ? 'is' : 'are'} lost:`,
    ...losses.flatMap((loss) => [
      `- ${quote(loss.name)}, id ${quote(loss.workspaceID)}, uid ${quote(loss.uid)}`,
      `  ${describeVolume(loss)}`,
    ]),
    losses.some(hasVolume) ? describeRetention(retention) : `No volume goes with them (retention ${quote(retention)}).`,
  ];
}

function describeVolume({ claimName, claimUID, volumeName, reclaimPolicy }: Loss): string {
  const parts = [
    ...(claimName === undefined ? [] : [`claim ${quote(claimName)}`]),
    ...(claimUID === undefined ? [] : [`claim uid ${quote(claimUID)}`]),
    ...(volumeName === undefined ? [] : [`PersistentVolume ${quote(volumeName)}`]),
    ...(reclaimPolicy === undefined ? [] : [`reclaim policy ${RECLAIM[reclaimPolicy]}`]),
  ];
  return parts.length === 0 ? 'without a volume' : parts.join(', ');
}

function hasVolume({ claimName, claimUID, volumeName }: Loss): boolean {
  return claimName !== undefined || claimUID !== undefined || volumeName !== undefined;
}

function describeRetention(retention: string): string {
  const words = durationInWords(retention);
  return words === ''
    ? `Their volumes are erased AT ONCE (retention ${quote(retention)}): nothing can bring them back.`
    : `Their volumes are kept for ${words} (retention ${quote(retention)}) and can be brought back until then; after that they are erased without another question.`;
}

function affectedLines(effects: Effects): readonly string[] {
  const { affected, kind } = effects;
  if (affected.length === 0) return ['No other Workspace is affected.'];
  const thing = kind === TEMPLATE_ASSETS.kind ? 'template' : 'parent';
  const loss = isPlatformAgent(effects) ? `${thing} until it is made again` : thing;
  return [
    `${counted(affected.length, 'Workspace')} ${affected.length === 1 ? `stays, but loses its ${loss}` : `stay, but lose their ${loss}`}:`,
    ...affected.map((name) => `- ${quote(name)}`),
  ];
}

function askerLines({ askers }: ApprovalRecord): readonly string[] {
  if (askers.length === 0) return ['Nobody is known to have asked for it.'];
  return ['Asked for by the following, none of whom may approve it:', ...askers.map((asker) => `- ${quote(asker)}`)];
}

function requestLines({ expiresAt, nonce, version }: ApprovalRecord): readonly string[] {
  const until = expiresAt === undefined ? 'without a limit in time' : `until ${quote(expiresAt)}`;
  return [
    `An approval is good for this one operation, once, ${until}.`,
    `Record of version ${version}, nonce ${quote(nonce)}.`,
  ];
}

/** `7 days`, `1 day 12 hours`; empty for nothing. */
function durationInWords(duration: string): string {
  let rest = parseDurationMs(duration);
  const words = DURATION_UNITS.map(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : counted(count, unit);
  });
  return words.filter((word) => word !== '').join(' ');
}

function paragraphs(texts: readonly (readonly string[])[]): string {
  return texts.map((lines) => lines.join('\n')).join('\n\n');
}

function quote(text: string): string {
  return `"${escapeConfusables(text)}"`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
