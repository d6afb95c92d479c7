import type { BundleHead } from '../assets/bundle/format.ts';
import { type MaterializeReport, REPORTED_CHANGES, type ReportedChange } from '../assets/report.ts';
import { DISPLACED_FOLDER } from '../rules/asset-path.ts';
import type { Healing } from './heal.ts';
import type { Observed, Operation } from './plan.ts';

const REASON_CHARACTERS = 1000;

/** The report of a run that reached its end. */
export function reportHealing({ operations, refusals, foundDigest }: Healing, head: BundleHead): MaterializeReport {
  const changes = [...describeOperations(operations), ...refusals.map(({ path, reason }) => kept(path, reason))];
  return {
    outcome: operations.length === 0 ? 'unchanged' : 'changed',
    wantedDigest: head.digest,
    foundDigest,
    files: head.tree.length,
    changes: changes.slice(0, REPORTED_CHANGES),
    changesTotal: changes.length,
  };
}

/** The report of a run that ended early. The reason becomes one printable line. */
export function reportFailure(
  outcome: 'refused' | 'failed' | 'waiting' | 'off',
  { reason, wantedDigest }: { readonly reason: string; readonly wantedDigest?: string },
): MaterializeReport {
  return {
    outcome,
    ...(wantedDigest === undefined ? {} : { wantedDigest }),
    files: 0,
    changes: [],
    changesTotal: 0,
    reason: reason.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, ' ').slice(0, REASON_CHARACTERS),
  };
}

/** One line per path: what was displaced to make room for a file shows as that file's healing. */
function describeOperations(operations: readonly Operation[]): readonly ReportedChange[] {
  const displaced = new Map<string, Observed>();
  const changes = new Map<string, ReportedChange>();
  for (const operation of operations) {
    switch (operation.kind) {
      case 'displace':
        displaced.set(operation.path, operation.found);
        changes.set(operation.path, {
          path: operation.path,
          action: 'displaced',
          wanted: 'absent',
          found: describe(operation.found),
          keptAt: keptAt(operation.path),
        });
        break;
      case 'place': {
        const { path, sha256 } = operation.file;
        const found = displaced.get(path) ?? operation.found;
        const action = found.kind === 'absent' ? 'created' : 'healed';
        const aside = displaced.has(path) ? { keptAt: keptAt(path) } : {};
        changes.set(path, { path, action, wanted: short(sha256), found: describe(found), ...aside });
        break;
      }
      case 'discard':
        changes.set(operation.path, {
          path: operation.path,
          action: 'healed',
          wanted: 'directory',
          found: describe(operation.found),
        });
        break;
      case 'prune':
        changes.set(operation.path, {
          path: operation.path,
          action: 'pruned',
          wanted: 'absent',
          found: describe(operation.found),
        });
        break;
      case 'repairDirectory':
        changes.set(operation.path, {
          path: operation.path,
          action: 'healed',
          wanted: 'directory',
          found: 'directory of a wrong mode',
        });
        break;
      case 'makeDirectory':
      case 'removeDirectory':
        break;
      default:
        return unreachable(operation);
    }
  }
  return [...changes.values()].map(printable);
}

function kept(path: string, reason: string): ReportedChange {
  return printable({ path: path.slice(0, 120), action: 'kept', wanted: reason, found: 'unknown' });
}

/** Paths may be names that an agent chose: in its inventory, or in our folder. */
function printable(change: ReportedChange): ReportedChange {
  const clean = (path: string): string => path.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '?');
  const { path, keptAt: aside } = change;
  return { ...change, path: clean(path), ...(aside === undefined ? {} : { keptAt: clean(aside) }) };
}

function keptAt(path: string): string {
  return `${DISPLACED_FOLDER}/${path}`;
}

function describe(found: Observed): string {
  if (found.kind !== 'file') return found.kind;
  const links = found.links === 1 ? '' : ` links=${found.links}`;
  return `${short(found.sha256)} ${found.mode.toString(8)}${links}`;
}

function short(sha256: string): string {
  return sha256 === '' ? 'unread' : sha256.slice(0, 12);
}

function unreachable(operation: never): never {
  throw new Error(`Cannot describe operation: unknown ${JSON.stringify(operation)}`);
}
