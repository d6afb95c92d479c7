/**
 * The one file that installs everything, from manifests/default: `node hack/build-install.ts [--check]`. With --check nothing
 * is written and a committed file that differs ends in exit code 1. KUBECTL names the kubectl to render with.
 */
import { join } from 'node:path';
import { ensureBinary } from './binaries.ts';
import { acceptGenerated } from './lib/generated.ts';
import { runMain } from './lib/main.ts';
import { CHECKOUT_DIR } from './lib/paths.ts';
import { runOrThrow } from './lib/run.ts';

const SOURCE = 'manifests/default';
const HEADER = `# Generated from ${SOURCE} by hack/build-install.ts: change the files there and run \`make generate\`.
# kubectl apply --server-side -f manifests/install.yaml
---
`;

async function main(signal: AbortSignal): Promise<void> {
  const kubectl = process.env.KUBECTL || (await ensureBinary('kubectl', { signal }));
  const action = `render ${SOURCE}`;
  const rendered = await runOrThrow(kubectl, ['kustomize', join(CHECKOUT_DIR, SOURCE)], { action, signal });
  await acceptGenerated({
    file: 'manifests/install.yaml',
    source: SOURCE,
    content: HEADER + rendered,
    isCheck: process.argv.includes('--check'),
  });
}

if (import.meta.main) await runMain(main);
