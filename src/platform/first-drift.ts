/**
 * The first place where `live` does not say what `wanted` says; undefined when it says all of it. What live says in
 * addition does not count: the apiserver fills in defaults.
 */
export function firstDrift(wanted: unknown, live: unknown, path: string): string | undefined {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live) || live.length !== wanted.length) return path;
    return first(wanted.map((member, index) => () => firstDrift(member, live[index], `${path}[${index}]`)));
  }
  if (isObject(wanted)) {
    if (!isObject(live)) return path;
    return first(
      Object.entries(wanted).map(
        ([key, member]) =>
          () =>
            firstDrift(member, live[key], `${path}.${key}`),
      ),
    );
  }
  return wanted === live ? undefined : path;
}

function first(tries: readonly (() => string | undefined)[]): string | undefined {
  for (const attempt of tries) {
    const found = attempt();
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
