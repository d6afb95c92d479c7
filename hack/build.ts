/**
 * Bundles every program of package.json's `bin` into dist/NAME.mjs: one file starts faster and takes a third less
 * memory than the tree of packages it was made from.
 */
import { chmod, cp, mkdir, rm, symlink } from 'node:fs/promises';
import { build } from 'esbuild';

const PROGRAMS = ['operator', 'materialize', 'migrate', 'mock-agent', 'kubectl-molecule'];

// CommonJS packages inside an ES module bundle call require() for Node's own modules.
const REQUIRE_SHIM =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

await rm('dist', { recursive: true, force: true });
await mkdir('dist', { recursive: true });
await build({
  entryPoints: Object.fromEntries(PROGRAMS.map((name) => [name, `src/bin/${name}.ts`])),
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  external: ['pg-native'],
  banner: { js: `#!/usr/bin/env node\n${REQUIRE_SHIM}` },
  logLevel: 'warning',
});
await cp('src/ledger/migrations', 'dist/migrations', { recursive: true });
for (const name of PROGRAMS) await chmod(`dist/${name}.mjs`, 0o755);
// kubectl finds a plugin by its exact name.
await symlink('kubectl-molecule.mjs', 'dist/kubectl-molecule');
