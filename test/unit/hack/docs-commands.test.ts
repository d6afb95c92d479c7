/** What pages say that can be looked up: commands, files, links, roles, verbs, policies, reasons and routes of attack. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ATTEMPTS } from '../../../hack/attack/routes.ts';
import { CHECKOUT_DIR } from '../../../hack/lib/paths.ts';
import { CONDITIONS } from '../../../src/apis/v1alpha1/conditions.ts';
import { VERBS } from '../../../src/apis/v1alpha1/names.ts';
import { REASONS } from '../../../src/apis/v1alpha1/reasons.ts';
import { runMolecule } from '../../../src/cli/molecule.ts';
import { capture } from '../cli/capture.ts';

const PAGES: ReadonlyMap<string, string> = new Map(
  ['README.md', 'CHANGELOG.md', ...readdirSync(join(CHECKOUT_DIR, 'docs')).map((name) => `docs/${name}`)].map(
    (file) => [file, readFileSync(join(CHECKOUT_DIR, file), 'utf8')],
  ),
);
const MANIFEST = readFileSync(join(CHECKOUT_DIR, 'manifests/install.yaml'), 'utf8');
const INSTALLED: readonly { readonly kind: string; readonly metadata: { readonly name: string } }[] = parseAllDocuments(
  MANIFEST,
).map((document) => document.toJS());
/** Words of the plugin itself, which no operator says. */
const OF_THE_PLUGIN: readonly string[] = ['NotObserved', 'Forbidden'];
const COMMAND = 'kubectl molecule';
const USAGE = 2;

/** `page: text` for each match of the first group. */
function said(pattern: RegExp): readonly { readonly page: string; readonly text: string }[] {
  return [...PAGES].flatMap(([page, body]) =>
    [...body.matchAll(pattern)].map(([, text = '']) => ({ page, text: text.trim() })),
  );
}

function namesOf(kind: string): readonly string[] {
  return INSTALLED.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name);
}

/** Up to what ends the command for a shell or for a reader, with names that objects can have in place of words in capitals. */
function commands(): readonly { readonly page: string; readonly text: string }[] {
  return said(/kubectl molecule( [a-z][^`\n]*)/g).map(({ page, text }) => ({
    page,
    text: text
      .replace(/\s*(?:[|&;>()]|#\s).*$/, '')
      .replace(/\bNAME(SPACE)?\b/g, 'name')
      .replace('apr-…', 'apr-0'),
  }));
}

function words(text: string): readonly string[] {
  return [...text.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

async function exitCodeOf(argv: readonly string[]): Promise<number> {
  const options = {
    connect: () => Promise.reject(new Error('There is no cluster')),
    now: () => new Date(0),
    programURL: import.meta.url,
    signal: new AbortController().signal,
  };
  return (await capture((io) => runMolecule(argv, { ...options, io }), { isTTY: true, typed: '' })).code;
}

describe('the pages', () => {
  it(`say only what the program takes after ${COMMAND}`, async () => {
    const found = commands();
    expect(found.length).toBeGreaterThan(60);
    const wrong: string[] = [];
    for (const { page, text } of found) {
      // A command that is only named, alone or in a list, need not be complete.
      const named = /^[a-z ]+(, [a-z]+)*$/.test(text) ? text.split(', ') : [];
      const lines = named.length > 0 ? named.map((name) => [...words(name), '--help']) : [words(text)];
      for (const argv of lines) if ((await exitCodeOf(argv)) === USAGE) wrong.push(`${page}: ${argv.join(' ')}`);
    }
    expect(wrong).toEqual([]);
  });

  it('name files that are there', () => {
    const files = said(/`((?:src|test|hack|manifests|crds|examples|docs)\/[^`\s…*<]*)`/g).flatMap(({ page, text }) => {
      const [, before = '', choices = '', after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(text) ?? [];
      const paths = choices === '' ? [text] : choices.split(',').map((choice) => `${before}${choice}${after}`);
      return paths.map((path) => ({ page, path }));
    });
    expect(files.length).toBeGreaterThan(30);
    expect(files.filter(({ path }) => !existsSync(join(CHECKOUT_DIR, path)))).toEqual([]);
  });

  it('link to pages and headings that are there', () => {
    const links = said(/\]\(([^)\s]+)\)/g).filter(({ text }) => !text.includes('://'));
    expect(links.length).toBeGreaterThan(60);
    const broken = links.filter(({ page, text }) => {
      const [path = '', anchor] = text.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(CHECKOUT_DIR, target))) return true;
      return anchor !== undefined && !anchorsOf(PAGES.get(target) ?? '').includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('name roles, verbs and policies that are installed', () => {
    const roles = said(/(?:--clusterrole=|[Rr]oles? `)(molecule-[a-z-]+)/g);
    const known = [...namesOf('ClusterRole'), ...namesOf('Role')];
    expect(roles.length).toBeGreaterThan(5);
    expect(roles.filter(({ text }) => !known.includes(text))).toEqual([]);
    const verbs = said(/\bverbs? `([a-z-]+)`/g);
    expect(verbs.length).toBeGreaterThan(5);
    const checked = [...MANIFEST.matchAll(/check\('([a-z-]+)'\)/g)].map(([, verb = '']) => verb);
    expect(verbs.filter(({ text }) => ![...Object.values(VERBS), ...checked].includes(text))).toEqual([]);
    const objects = said(/`([a-z-]+\.moleculesai\.app)`/g);
    const installed = INSTALLED.map(({ metadata }) => metadata.name);
    expect(objects.length).toBeGreaterThan(10);
    expect(objects.filter(({ text }) => !installed.includes(text))).toEqual([]);
  });

  it('say no condition and no reason that does not exist', () => {
    const told = said(/(?:reason|condition|`(?:Ready|Concluded)=(?:True|False)`,) `([A-Z][A-Za-z]+)`/g);
    const known: readonly string[] = [...Object.values(REASONS), ...Object.values(CONDITIONS), ...OF_THE_PLUGIN];
    expect(told.length).toBeGreaterThan(5);
    expect(told.filter(({ text }) => !known.includes(text))).toEqual([]);
  });

  it('name routes of attack that are tried', () => {
    const [, table = ''] = (PAGES.get('docs/threat-model.md') ?? '').split('\n## Routes\n');
    const cells = [...table.matchAll(/^\|[^|]*\|[^|]*\|([^|]*)\|/gm)].map(([, cell = '']) => cell);
    const routes = cells.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, route = '']) => route));
    const tried = new Set(ATTEMPTS.map(({ route }) => route));
    expect(routes.length).toBeGreaterThan(15);
    expect(routes.filter((route) => !tried.has(route))).toEqual([]);
    const tests = cells.flatMap((cell) => [...cell.matchAll(/`([a-z-]+\/[a-z/-]+)`/g)].map(([, path = '']) => path));
    const isThere = (path: string): boolean =>
      ['', '.test.ts'].some((end) => existsSync(join(CHECKOUT_DIR, 'test', `${path}${end}`)));
    expect(tests.length).toBeGreaterThan(0);
    expect(tests.filter((path) => !isThere(path))).toEqual([]);
  });
});

function anchorsOf(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}
