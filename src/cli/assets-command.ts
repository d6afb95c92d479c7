import { judgeAssets } from './assets/judge-assets.ts';
import { readCard, unreadCard } from './assets/read-card.ts';
import { readFacts } from './assets/read-facts.ts';
import { renderAssets } from './assets/render-assets.ts';
import type { CommandContext } from './command-context.ts';
import type { ObjectReference } from './object-reference.ts';
import type { ClusterFlags, TableFormat } from './options.ts';
import { printStructured } from './print-structured.ts';
import { foundValue } from './read-object.ts';
import { styleOf } from './style.ts';
import { readDeadline, withCluster } from './with-cluster.ts';

export interface AssetsFlags extends ClusterFlags {
  readonly output: TableFormat;
}

/** `kubectl molecule assets`: from the template's revision to the agent's card, and what happened to single paths. Reads only. */
export async function showAssets(
  reference: ObjectReference,
  flags: AssetsFlags,
  context: CommandContext,
): Promise<void> {
  const { io, now } = context;
  const report = await withCluster(flags, context, async ({ client, namespace: ownNamespace }) => {
    const namespace = flags.namespace ?? ownNamespace;
    const signal = readDeadline(context.signal);
    const facts = await readFacts(client, { reference, namespace, signal });
    const pod = foundValue(facts.pod.found);
    const card =
      pod?.isReady === true
        ? await readCard(client, { namespace, podName: facts.pod.name, flags }, signal)
        : unreadCard('no agent is ready to serve it');
    return judgeAssets({ ...facts, card, flags });
  });
  if (flags.output === 'json' || flags.output === 'yaml') return printStructured(report, flags.output, io.stdout);
  const style = styleOf(io.stdout, { env: io.env, isColorWanted: flags.color });
  const lines = renderAssets(report, { style, now: now(), isWide: flags.output === 'wide' });
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
}
