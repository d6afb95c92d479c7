/**
 * Which program an agent runs, and where: the runtimes that are known by name, and how the image of one is found (TA-2 to
 * TA-5). Every list of runtimes is here. A runtime of your own needs no change of it, only a key in the catalog.
 */

/** Their templates come with the platform, and the shipped catalog has an image for each. */
export const MANIFEST_RUNTIMES = ['claude-code', 'codex', 'google-adk', 'hermes', 'openclaw'] as const;

/** Known from before there were templates; whoever runs one adds its image to the catalog. */
const OLDER_RUNTIMES = ['autogen', 'crewai', 'deepagents', 'gemini-cli', 'langgraph'] as const;

/** The agent runs elsewhere and reports by itself. */
const EXTERNAL_RUNTIMES = ['external', 'kimi', 'kimi-cli'] as const;

/** Canned replies by the platform, for trying things out. */
const MOCK_RUNTIME = 'mock';

/** What a Workspace runs that names nothing, in an Org that names nothing (C11). */
export const DEFAULT_RUNTIME = 'claude-code';

/** Where an agent runs. Outside of a Pod it has no container, no volume and no template (TA-5). */
export type Hosting = 'Pod' | 'External' | 'Mock';

export function hostingOf(runtime: string): Hosting {
  if (runtime === MOCK_RUNTIME) return 'Mock';
  return EXTERNAL_RUNTIMES.some((external) => external === runtime) ? 'External' : 'Pod';
}

/** Image by runtime. */
export type RuntimeCatalog = ReadonlyMap<string, string>;

interface RuntimeChoice {
  readonly runtime?: string | undefined;
  readonly image?: string | undefined;
}

/** What a Workspace and its Org's defaults say about what runs. */
export interface RuntimeChoices {
  readonly own: RuntimeChoice;
  readonly defaults: RuntimeChoice;
}

export function effectiveRuntime({ own, defaults }: RuntimeChoices): string {
  return own.runtime ?? defaults.runtime ?? DEFAULT_RUNTIME;
}

export type ImageResolution =
  | { readonly kind: 'found'; readonly image: string }
  /** A known runtime without a key in the catalog. */
  | { readonly kind: 'uncatalogued'; readonly runtime: string }
  /** Nothing knows this runtime; `known`, sorted, could be meant. */
  | { readonly kind: 'unknown'; readonly runtime: string; readonly known: readonly string[] };

/**
 * The image of an agent; the first of these that there is:
 *
 * | the Workspace names            | image                                                                  |
 * |--------------------------------|------------------------------------------------------------------------|
 * | an image                       | that one                                                               |
 * | no runtime, or the defaults'   | the defaults' image, else the catalog's of the defaults' runtime       |
 * | another runtime                | the catalog's of that runtime, never the defaults' image               |
 *
 * The defaults' runtime is claude-code where the Org names none. An image made for one runtime is so never run as another.
 */
export function resolveImage(choices: RuntimeChoices, catalog: RuntimeCatalog): ImageResolution {
  const { own, defaults } = choices;
  const runtime = effectiveRuntime(choices);
  const inherited = runtime === effectiveRuntime({ own: {}, defaults }) ? defaults.image : undefined;
  const image = own.image ?? inherited ?? catalog.get(runtime);
  if (image !== undefined) return { kind: 'found', image };
  const known = knownRuntimes(catalog);
  return known.includes(runtime) ? { kind: 'uncatalogued', runtime } : { kind: 'unknown', runtime, known };
}

function knownRuntimes(catalog: RuntimeCatalog): readonly string[] {
  const names = [...MANIFEST_RUNTIMES, ...OLDER_RUNTIMES, ...EXTERNAL_RUNTIMES, MOCK_RUNTIME, ...catalog.keys()];
  return [...new Set(names)].sort();
}
