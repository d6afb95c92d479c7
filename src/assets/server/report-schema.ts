import * as z from 'zod';
import { DISPLACED_FOLDER, PATH_LIMITS } from '../../rules/asset-path.ts';
import { isTreeDigest } from '../../rules/asset-tree.ts';
import { type MaterializeReport, REPORTED_CHANGES } from '../report.ts';

/** Printable text of one line: reports end up in status and logs, and a Pod may send what it likes. */
const line = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[^\p{Cc}\p{Bidi_Control}\u2028\u2029]*$/u);
const digest = z.string().refine(isTreeDigest);
/** A path, and the folder that it was moved to. */
const MAX_KEPT_PATH = PATH_LIMITS.pathBytes + DISPLACED_FOLDER.length + 1;
const count = z.number().int().min(0).max(1_000_000);

const reportSchema = z.strictObject({
  outcome: z.enum(['unchanged', 'changed', 'off', 'refused', 'failed', 'waiting']),
  wantedDigest: digest.exactOptional(),
  foundDigest: digest.exactOptional(),
  files: count,
  changes: z
    .array(
      z.strictObject({
        path: line(PATH_LIMITS.pathBytes).min(1),
        action: z.enum(['created', 'healed', 'pruned', 'displaced', 'kept']),
        wanted: line(64),
        found: line(64),
        keptAt: line(MAX_KEPT_PATH).min(1).exactOptional(),
      }),
    )
    .max(REPORTED_CHANGES),
  changesTotal: count,
  reason: line(1024).exactOptional(),
});

/** The report as it may be believed; undefined when it is malformed. */
export function decodeReport(body: unknown): MaterializeReport | undefined {
  const result = reportSchema.safeParse(body);
  return result.success ? result.data : undefined;
}
