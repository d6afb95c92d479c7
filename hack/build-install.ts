/**
 * The one file that installs everything, from manifests/default, and the policies in it as the operator compares the cluster
 * with them: `node hack/build-install.ts [--check]`. With --check nothing is written and a committed file that differs ends
 * in exit code 1. KUBECTL names the kubectl to render with.
 */
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
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
const SHIPPED = /^ValidatingAdmissionPolicy(Binding)?$/;

async function main(signal: AbortSignal): Promise<void> {
  const kubectl = process.env.KUBECTL || (await ensureBinary('kubectl', { signal }));
  const action = `render ${SOURCE}`;
  const rendered = await runOrThrow(kubectl, ['kustomize', join(CHECKOUT_DIR, SOURCE)], { action, signal });
  const isCheck = process.argv.includes('--check');
  const files = {
    'manifests/install.yaml': HEADER + rendered,
    'src/guard/shipped.generated.ts': shippedPolicies(rendered),
  };
  for (const [file, content] of Object.entries(files))
    await acceptGenerated({ file, source: SOURCE, content, isCheck });
}

/** The validating policies and their bindings: kind, name and spec. The mutating ones close no way; they fill in. */
function shippedPolicies(rendered: string): string {
  const shipped = parseAllDocuments(rendered)
    .map((document) => document.toJS() as { kind: string; metadata: { name: string }; spec: object })
    .filter(({ kind }) => SHIPPED.test(kind))
    .map(({ kind, metadata, spec }) => ({ kind, name: metadata.name, spec }));
  return `// Generated from ${SOURCE} by hack/build-install.ts. Do not edit.

export const SHIPPED: readonly { readonly kind: string; readonly name: string; readonly spec: object }[] = ${JSON.stringify(shipped, null, 2)};
`;
}

if (import.meta.main) await runMain(main);
