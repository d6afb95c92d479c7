const LABEL = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** A time as the value of a label, which takes no colons: `20261128T100000Z`, in UTC. */
export function formatExpiry(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** The time that such a label says; undefined when it says none, so that nothing is ever due by a label that cannot be read. */
export function parseExpiry(label: string): Date | undefined {
  const iso = label.replace(LABEL, '$1-$2-$3T$4:$5:$6Z');
  const time = iso === label ? Number.NaN : Date.parse(iso);
  return Number.isNaN(time) ? undefined : new Date(time);
}
