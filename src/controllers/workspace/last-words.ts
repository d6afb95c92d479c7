import { decodeReport } from '../../assets/server/report-schema.ts';

/**
 * Why a run of materialize failed, found in the end of its log, which the kubelet puts into the Pod. So it is known also of
 * a run that could not send its report, because the operator was away or the network was: the very cases that need a reason.
 */
export function reasonInLog(log: string): string | undefined {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => decodeReport(parse(line))?.reason)
    .find((reason) => reason !== undefined);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
