import { type Color, paint, type Style } from '../style.ts';
import { alignRows, counted, cut, printable } from '../text.ts';
import type { Finding, Verdict } from './finding.ts';

const SIGNS: Readonly<Record<Verdict, { readonly unicode: string; readonly ascii: string; readonly color: Color }>> = {
  ok: { unicode: '✔', ascii: '+', color: 'green' },
  warning: { unicode: '!', ascii: '!', color: 'yellow' },
  failed: { unicode: '✖', ascii: 'x', color: 'red' },
  unknown: { unicode: '?', ascii: '?', color: 'grey' },
};

/** A line per finding, and below each that is not fine what to do. Commands to copy are never cut. */
export function renderReport(
  findings: readonly Finding[],
  { style, isWide }: { readonly style: Style; readonly isWide: boolean },
): readonly string[] {
  const rows = findings.map(({ check, verdict, message }) => [`${sign(verdict, style)} ${check}`, printable(message)]);
  const indent = ' '.repeat(Math.max(0, ...rows.map(([name = '']) => name.length)) + 2);
  const arrow = style.hasUnicode ? '→' : '->';
  const lines = alignRows(rows).flatMap((line, index) => {
    const { verdict = 'unknown', todo = null } = findings[index] ?? {};
    const shown = isWide ? line : cut(line, style);
    const painted = paint(sign(verdict, style), SIGNS[verdict].color, style) + shown.slice(1);
    return todo === null ? [painted] : [painted, `${indent}${arrow} ${printable(todo)}`];
  });
  return [...lines, '', summarise(findings)];
}

function sign(verdict: Verdict, { hasUnicode }: Style): string {
  return hasUnicode ? SIGNS[verdict].unicode : SIGNS[verdict].ascii;
}

function summarise(findings: readonly Finding[]): string {
  const count = (verdict: Verdict): number => findings.filter((finding) => finding.verdict === verdict).length;
  return `${count('ok')} fine, ${counted(count('warning'), 'warning')}, ${count('failed')} failed, ${count('unknown')} unknown`;
}
