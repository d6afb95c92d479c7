/**
 * `node hack/demo.ts tour|heal|delete|down`: an org of agents on a real cluster, with a real forge and a real Postgres. `tour`
 * brings everything up and ends with the tree Ready; `heal` damages an agent's files, ends the agent and shows what came back
 * and why; `delete` has a deletion denied, and another one approved and undone.
 */
import { Command } from 'commander';
import { deleteAgent } from './demo/delete.ts';
import { healAgent } from './demo/heal.ts';
import { tour } from './demo/tour.ts';
import { bringUpEnvironment, takeDownEnvironment } from './environment.ts';
import { runMain } from './lib/main.ts';
import { formatSeconds, reportToStdout } from './lib/report.ts';

async function main(signal: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  const report = (line: string): void =>
    reportToStdout(`[${formatSeconds(performance.now() - startedAt).padStart(7)}] ${line}`);
  const program = new Command('demo').description('An org of agents on a real cluster');
  program
    .command('tour')
    .description('bring everything up until the tree is Ready')
    .action(async () => tour(await bringUpEnvironment({ report, signal }), { report, signal }));
  program
    .command('heal')
    .description('the tour, then an agent whose files are damaged')
    .action(async () => {
      const environment = await bringUpEnvironment({ report, signal });
      await tour(environment, { report, signal });
      await healAgent(environment, { report, signal });
    });
  program
    .command('delete')
    .description('the tour, then an agent that is deleted, kept, deleted and restored')
    .action(async () => {
      const environment = await bringUpEnvironment({ report, signal });
      await tour(environment, { report, signal });
      await deleteAgent(environment, { report, signal });
    });
  program
    .command('down')
    .description('remove all of it')
    .action(() => takeDownEnvironment({ report }));
  await program.parseAsync();
}

await runMain(main);
