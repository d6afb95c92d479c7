import { age } from '../age.ts';
import { explain, type State } from '../standing.ts';
import { colored, mark, type Style } from '../style.ts';
import { alignRows, cut, printable } from '../text.ts';
import type { EventLine, Link, LinkKind, ObjectStatus } from './object-status.ts';
import { requestLines } from './open-requests.ts';

export interface RenderOptions {
  readonly style: Style;
  readonly now: Date;
  /** The chain is not cut either. */
  readonly isWide: boolean;
}

const LABELS: Readonly<Record<LinkKind, string>> = {
  org: 'Org',
  parent: 'Parent',
  workspace: 'Workspace',
  templateAsset: 'Template',
  secret: 'Secret',
  source: 'Source',
  artifact: 'Artifact',
  volume: 'Volume',
  pod: 'Pod',
  agent: 'Agent',
  workspaces: 'Workspaces',
};

/** The status as lines: the object, its chain with an arrow at the link to blame, what it waits for, Events, the next command. */
export function renderStatus(status: ObjectStatus, options: RenderOptions): readonly string[] {
  const { style } = options;
  const { kind, namespace, name } = status.object;
  const head = `${kind} ${namespace}/${name}: `;
  const culprit = status.chain.find(({ isCulprit }) => isCulprit);
  return [
    `${head}${colored(status.state, status.state, style)}`,
    ...(status.notice === null ? [] : [status.notice]),
    ...requestLines(status, options.now),
    '',
    ...chainLines(status.chain, options),
    ...(culprit === undefined ? [] : ['', `Waits for: ${printable(explain(culprit))}`]),
    ...(status.next === null ? [] : [`Next:      ${status.next.command}`]),
    '',
    ...eventSection(status.events, options.now),
  ];
}

function chainLines(chain: readonly Link[], { style, isWide }: RenderOptions): readonly string[] {
  const arrow = style.hasUnicode ? '→' : '>';
  const rows = chain.map((link) => [
    `${link.isCulprit ? arrow : ' '} ${mark(link.state, style)} ${LABELS[link.link]}`,
    printable(link.name ?? '-'),
    link.state,
    printable(link.state === 'Ready' ? (link.message ?? '') : explain(link)),
  ]);
  const lines = alignRows([['    LINK', 'NAME', 'STATE', 'MESSAGE'], ...rows]);
  return lines.map((line, index) => {
    const state = chain[index - 1]?.state;
    return paintMark(isWide ? line : cut(line, style), { state, style });
  });
}

/** Colours the mark, after everything was measured. */
function paintMark(
  line: string,
  { state, style }: { readonly state: State | undefined; readonly style: Style },
): string {
  if (state === undefined) return line;
  const sign = mark(state, style);
  return line.replace(sign, colored(sign, state, style));
}

const SHORT_KINDS: Readonly<Record<string, string>> = {
  Workspace: 'ws',
  TemplateAsset: 'ta',
  Org: 'org',
  Pod: 'pod',
  PersistentVolumeClaim: 'pvc',
};

/** Never cut: what happened stands at the end of the line. */
function eventSection(events: readonly EventLine[] | null, now: Date): readonly string[] {
  if (events === null) return ['Events: cannot be read; ask for the right to list events.events.k8s.io'];
  if (events.length === 0) return ['Events: none'];
  const rows = events.map((event) => {
    const [kind = '', name] = event.object.split('/');
    const object = `${SHORT_KINDS[kind] ?? kind}/${name}`;
    return [seen(event, now), event.type, event.reason, object, event.note].map(printable);
  });
  return ['Events:', ...alignRows([['AGE', 'TYPE', 'REASON', 'OBJECT', 'NOTE'], ...rows])];
}

function seen({ lastSeen, firstSeen, count }: EventLine, now: Date): string {
  return count > 1 ? `${age(lastSeen, now)} (x${count} over ${age(firstSeen, now)})` : age(lastSeen, now);
}
