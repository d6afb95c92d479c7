import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { KeptList, KeptVersion, Version } from '../../assets/kept-version.ts';
import type { CLI_API_VERSION } from '../print-structured.ts';
import type { ObjectName } from '../status/object-status.ts';

/** What `kubectl molecule assets --diff -o json` and `-o yaml` print; null means not known. */
export interface KeptVersionList {
  readonly apiVersion: typeof CLI_API_VERSION;
  readonly kind: 'KeptVersionList';
  readonly object: ObjectName;
  readonly items: readonly ComparedVersion[];
  /** At least so many more are kept and not listed. */
  readonly omitted: number;
}

export interface ComparedVersion {
  readonly path: string;
  readonly keptAt: string;
  readonly kept: ShownVersion;
  /** What lies at `path` now. */
  readonly present: ShownVersion;
  /** Unified, from what lies there now to what was kept, so that it applies to the template; null when there is none to show. */
  readonly diff: string | null;
  /** Why there is none; null when there is one. */
  readonly reason: string | null;
}

export interface ShownVersion {
  readonly kind: Version['kind'];
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  /** Null also for what is no text. */
  readonly text: string | null;
}

/** Versions that have nothing in common would take minutes. */
const DIFF_TIMEOUT_MS = 2_000;

export function compareVersions({ versions }: Pick<KeptList, 'versions'>): readonly ComparedVersion[] {
  return versions.map(({ path, keptAt, kept, present }) => {
    const [before, after] = [show(present), show(kept)];
    const reason = whyNoDiff({ path, keptAt, kept, present }, before, after);
    const diff = reason === null ? unified(path, before.text ?? '', after.text ?? '') : undefined;
    return {
      path,
      keptAt,
      kept: after,
      present: before,
      diff: diff ?? null,
      reason: reason ?? (diff === undefined ? 'the versions have too little in common' : null),
    };
  });
}

function show(version: Version): ShownVersion {
  if (version.kind !== 'file') return { kind: version.kind, sizeBytes: null, sha256: null, text: null };
  const { kind, sizeBytes, sha256 = null, content } = version;
  return { kind, sizeBytes, sha256, text: content === undefined ? null : decodeText(Buffer.from(content, 'base64')) };
}

function decodeText(bytes: Buffer): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function whyNoDiff({ kept, present }: KeptVersion, before: ShownVersion, after: ShownVersion): string | null {
  if (kept.kind !== 'file') return `what was kept is no file (${kept.kind})`;
  if (present.kind !== 'file' && present.kind !== 'absent') return `what is there now is no file (${present.kind})`;
  if (after.sha256 !== null && after.sha256 === before.sha256) return 'both are the same';
  if (after.sha256 === null) return 'what was kept is too large to be shown';
  if (after.text === null) return 'what was kept is binary';
  if (present.kind === 'absent') return null;
  if (before.sha256 === null) return 'what is there now is too large to be shown';
  return before.text === null ? 'what is there now is binary' : null;
}

function unified(path: string, before: string, after: string): string | undefined {
  return createTwoFilesPatch(`a/${path}`, `b/${path}`, before, after, undefined, undefined, {
    context: 3,
    timeout: DIFF_TIMEOUT_MS,
    headerOptions: FILE_HEADERS_ONLY,
  });
}
