/**
 * Fails the build where the code leaves its architecture (docs/architecture.md): a file imports from its own level or an
 * earlier one, no two files import each other in a circle, and pure code reads no disk, clock, randomness or environment.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';

const LEVELS = [
  ['platform'],
  ['apis'],
  ['rules'],
  ['conditions'],
  ['kube'],
  ['runtime'],
  ['ledger'],
  ['assets'],
  ['materialize'],
  ['controllers'],
  ['guard'],
  ['admission'],
  ['cli', 'mock-agent'],
  ['bin'],
] as const;

/** Of a controller everything is pure but what reads the world. */
const PURE = /^src\/(rules|conditions)\/|^src\/controllers\/(?!.*\/(gather|source-checker)\.ts$)/;
const IMPURE: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  {
    pattern: /from '(node:(fs|http|https|http2|net|tls|child_process|timers|worker_threads)[^']*)'/,
    what: 'an I/O module',
  },
  { pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/, what: 'the clock' },
  { pattern: /\bMath\.random\(|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/, what: 'randomness' },
  { pattern: /\bprocess\./, what: 'the process' },
  { pattern: /\bsetTimeout\(|\bsetInterval\(|\bfetch\(/, what: 'a timer or the network' },
];

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

async function readSources(): Promise<readonly SourceFile[]> {
  const names = await readdir('src', { recursive: true });
  const paths = names.filter((name) => name.endsWith('.ts')).map((name) => join('src', name));
  return Promise.all(paths.sort().map(readSource));
}

async function readSource(path: string): Promise<SourceFile> {
  const text = await readFile(path, 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
  return { path, text, imports: specifiers.map((specifier) => normalize(join(dirname(path), specifier))) };
}

function levelOf(path: string): number {
  const folder = path.split('/')[1] ?? '';
  return LEVELS.findIndex((level) => (level as readonly string[]).includes(folder));
}

function levelFaults(file: SourceFile): readonly string[] {
  const own = levelOf(file.path);
  if (own < 0) return [`${file.path}: its folder has no level; give it one in hack/lint-architecture.ts`];
  return file.imports
    .filter((imported) => levelOf(imported) > own)
    .map((imported) => `${file.path}: imports ${imported}, which lies above it`);
}

function purityFaults(file: SourceFile): readonly string[] {
  if (!PURE.test(file.path)) return [];
  const code = file.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  return IMPURE.filter(({ pattern }) => pattern.test(code)).map(({ what }) => `${file.path}: pure code uses ${what}`);
}

function cycleFaults(files: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const state = new Map<string, 'open' | 'done'>();
  const faults: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      faults.push(`Circle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
      return;
    }
    state.set(path, 'open');
    for (const imported of byPath.get(path)?.imports ?? []) visit(imported, [...trail, path]);
    state.set(path, 'done');
  };
  for (const file of files) visit(file.path, []);
  return faults;
}

const sources = await readSources();
const faults = [...sources.flatMap(levelFaults), ...sources.flatMap(purityFaults), ...cycleFaults(sources)];
for (const fault of faults) console.error(fault);
console.log(`Architecture: ${sources.length} files, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
