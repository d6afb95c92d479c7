import { explainFailure } from './cluster-failure.ts';
import type { CommandContext } from './command-context.ts';
import { runChecks } from './doctor/checks.ts';
import type { DoctorReport } from './doctor/finding.ts';
import { readManifest } from './doctor/manifest.ts';
import { renderReport } from './doctor/render-report.ts';
import type { ClusterFlags, TableFormat } from './options.ts';
import { CLI_API_VERSION, printStructured } from './print-structured.ts';
import { styleOf } from './style.ts';
import { readDeadline, withCluster } from './with-cluster.ts';

export interface DoctorFlags extends ClusterFlags {
  readonly output: TableFormat;
}

/** `kubectl molecule doctor`: looks at everything that agents need of a cluster. Changes nothing. Rejects when a check failed. */
export async function examine(flags: DoctorFlags, context: CommandContext): Promise<void> {
  const { io, now } = context;
  const manifest = await readManifest(context.programURL);
  const report = await withCluster(flags, context, async ({ client, server, namespace }): Promise<DoctorReport> => {
    const signal = readDeadline(context.signal);
    const source = { client, namespace: flags.namespace, ownNamespace: namespace, manifest, now: now(), signal };
    const findings = await runChecks(source).catch((error: unknown) => {
      throw explainFailure(error, { what: 'examine the cluster', right: 'the right to read it' });
    });
    return { apiVersion: CLI_API_VERSION, kind: 'DoctorReport', server, findings };
  });
  if (flags.output === 'json' || flags.output === 'yaml') {
    printStructured(report, flags.output, io.stdout);
  } else {
    const style = styleOf(io.stdout, { env: io.env, isColorWanted: flags.color });
    const lines = renderReport(report.findings, { style, isWide: flags.output === 'wide' });
    io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }
  const failures = report.findings.filter(({ verdict }) => verdict === 'failed');
  if (failures.length > 0) {
    const names = [...new Set(failures.map(({ check }) => check))].join(', ');
    throw new Error(`Not fit for agents: ${names}`);
  }
}
