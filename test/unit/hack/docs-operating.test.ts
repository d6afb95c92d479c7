import { readFileSync } from 'node:fs';
import { Registry } from '@prometheus-io/client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ApprovalRequest, Org, TemplateAsset, Workspace } from '../../../src/apis/v1alpha1/types.generated.ts';
import { registerApprovalGauges } from '../../../src/bin/operator/approval-gauges.ts';
import { readConfig } from '../../../src/bin/operator/config.ts';
import { registerProcessMetrics } from '../../../src/bin/operator/process-metrics.ts';
import { registerStoreGauges } from '../../../src/bin/operator/store-gauges.ts';
import { createRuntimeMetrics } from '../../../src/runtime/metrics.ts';
import { Store } from '../../../src/runtime/store.ts';

const PAGE = readFileSync('docs/operating.md', 'utf8');

/** Labels by metric, as the operator registers them. */
async function registered(): Promise<ReadonlyMap<string, string>> {
  const registry = new Registry();
  createRuntimeMetrics(registry);
  registerStoreGauges(registry, {
    orgs: new Store<Org>(),
    workspaces: new Store<Workspace>(),
    templateAssets: new Store<TemplateAsset>(),
  });
  registerApprovalGauges(registry, {
    approvalRequests: new Store<ApprovalRequest>(),
    guard: { openRoutes: [] },
    ledger: { health: () => 'available' },
  });
  registerProcessMetrics(registry);
  const metrics = await registry.getMetricsAsJSON();
  return new Map(metrics.map(({ name }) => [name, labelsOf(registry, name)]));
}

function labelsOf(registry: Registry, name: string): string {
  const { labelNames = [] } = registry.getSingleMetric(name) as { readonly labelNames?: readonly string[] };
  return labelNames.join(', ');
}

/** What `operator --help` prints. */
function help(): string {
  const printed: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('exit');
  });
  expect(() => readConfig(['node', 'operator', '--help'], {})).toThrow('exit');
  return printed.join('');
}

/** The cells of the rows below a heading that begin with a name between backticks. */
function rows(heading: string): readonly (readonly string[])[] {
  const [, section = ''] = PAGE.split(`\n## ${heading}\n`);
  const [body = ''] = section.split('\n## ');
  return [...body.matchAll(/^\| (`.+)\|$/gm)].map(([, cells = '']) => cells.split('|').map((cell) => cell.trim()));
}

function named(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

afterEach(() => vi.restoreAllMocks());

describe('docs/operating.md', () => {
  it('lists every metric that the operator serves, with its labels, and no other', async () => {
    const listed = rows('Metrics').map(([name = '', labels = '']) => [named(name)[0], labels]);
    expect(listed.toSorted()).toEqual([...(await registered())].toSorted());
  });

  it('speaks of no metric that does not exist, in alerts least of all', async () => {
    const known = await registered();
    const family = /\b(?:molecule|controller_runtime|workqueue|rest_client|leader_election|process|nodejs)_[a-z_]+\b/g;
    const spoken = [...PAGE.matchAll(family)].map(([name]) => name);
    expect(spoken.length).toBeGreaterThan(known.size);
    expect(spoken.filter((name) => !known.has(name))).toEqual([]);
  });

  it('lists every flag and every variable of operator --help, and no other', () => {
    const text = help();
    const flags = [...text.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag]) => flag);
    const [, environment = ''] = text.split('\nEnvironment:\n');
    const variables = [...environment.matchAll(/\b(?:[A-Z]+_URL|TIERn_[A-Z_]+)\b/g)].map(([name]) => name);
    expect(flags.length).toBeGreaterThan(10);
    expect(variables.length).toBeGreaterThan(2);
    const listed = rows('Settings').flatMap(([name = '']) => named(name));
    expect(listed.toSorted()).toEqual([...flags.filter((flag) => flag !== '--help'), ...variables].toSorted());
  });
});
