import { readFile } from 'node:fs/promises';

export interface RequestCounts {
  /** POST, PUT, PATCH and DELETE on Workspaces, ApprovalRequests, Pods and PVCs: what an agent costs. */
  readonly writes: number;
  readonly writesByKind: Readonly<Record<string, number>>;
  /** Org counters, Events, Leases and TokenReviews, which no agent causes by itself. */
  readonly otherWrites: number;
  readonly gets: number;
  readonly lists: number;
  readonly conflicts: number;
}

interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
}

const COUNTED = new Set(['workspaces', 'approvalrequests', 'pods', 'persistentvolumeclaims']);
const WRITE_VERBS = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** Counts what one user asked of the apiserver since a moment, from the apiserver's own audit log. */
export async function countRequests(
  auditLog: string,
  options: { readonly username: string; readonly since: Date },
): Promise<RequestCounts> {
  const events = (await readFile(auditLog, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(
      (event) => event.user.username === options.username && new Date(event.requestReceivedTimestamp) >= options.since,
    );
  const writes = events.filter((event) => WRITE_VERBS.has(event.verb));
  const counted = writes.filter((event) => COUNTED.has(event.objectRef?.resource ?? ''));
  const writesByKind: Record<string, number> = {};
  for (const { verb, objectRef } of counted) {
    const name = `${verb} ${objectRef?.resource ?? ''}${objectRef?.subresource === undefined ? '' : `/${objectRef.subresource}`}`;
    writesByKind[name] = (writesByKind[name] ?? 0) + 1;
  }
  return {
    writes: counted.length,
    writesByKind,
    otherWrites: writes.length - counted.length,
    gets: events.filter((event) => event.verb === 'get' && event.objectRef !== undefined).length,
    lists: events.filter((event) => event.verb === 'list').length,
    conflicts: events.filter((event) => event.responseStatus?.code === 409).length,
  };
}
