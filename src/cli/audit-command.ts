import { parseLedgerURL } from '../ledger/postgres/address.ts';
import { verifyAudit } from '../ledger/postgres/read-audit.ts';
import { createLogger } from '../platform/log.ts';
import { recallHead } from './audit/remembered-head.ts';
import type { CommandContext } from './command-context.ts';
import type { ClusterFlags, TextFormat } from './options.ts';
import { CLI_API_VERSION, printStructured } from './print-structured.ts';

export interface AuditFlags extends ClusterFlags {
  readonly output: TextFormat;
  readonly url?: string;
}

/**
 * `kubectl molecule audit verify`: computes the chain of the audit once more, without the help of the database, and compares it
 * with what the cluster remembers of it. Throws when a row is not as it was written.
 */
export async function verifyLedgerAudit(flags: AuditFlags, context: CommandContext): Promise<void> {
  const { io, signal } = context;
  const url = flags.url ?? io.env.LEDGER_URL;
  if (url === undefined || url === '') throw new Error('Cannot find the ledger: set LEDGER_URL or pass --url');
  const address = parseLedgerURL(url);
  const recollection = await recallHead(flags, context);
  const remembered = recollection.kind === 'remembered' ? recollection.head : undefined;
  const log = createLogger({ name: 'audit', level: 'warn', destination: { write: (line) => io.stderr.write(line) } });
  const known = remembered === undefined ? {} : { remembered };
  const { rows, end, fault } = await verifyAudit({ address, log, ...known }, signal);
  if (flags.output !== 'text') {
    const document = {
      apiVersion: CLI_API_VERSION,
      kind: 'AuditVerification',
      intact: fault === undefined,
      rows,
      end,
      fault: fault ?? null,
      remembered: remembered ?? null,
    };
    printStructured(document, flags.output, io.stdout);
  }
  if (fault !== undefined)
    throw new Error(`The audit is broken at row ${fault.seq}: ${fault.why}; what to do is in docs/ledger.md`);
  if (flags.output !== 'text') return;
  const compared =
    recollection.kind === 'remembered'
      ? `The cluster remembers row ${recollection.head.seq} of it.`
      : `It was not compared with what the cluster remembers: ${recollection.why}`;
  io.stdout.write(`The audit is intact: ${rows} rows, the last one has the hash ${end.hash}.\n${compared}\n`);
}
